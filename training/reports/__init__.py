"""What several trainings found, as tables and figures."""
