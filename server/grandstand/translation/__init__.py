"""Everything that turns texts of one language into texts of another."""
