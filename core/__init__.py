"""Overread without a window: functions over frozen data. Never imports Qt."""
