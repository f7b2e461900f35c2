"""What happens elsewhere when something happens in the room: a job, and a file for each kind."""
