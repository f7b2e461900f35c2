"""Where keys are: on one server, or spread over the nodes of a cluster."""
