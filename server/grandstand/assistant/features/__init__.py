"""What a model is asked for; each feature in its file, known by ``registry``."""
