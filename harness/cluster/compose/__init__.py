"""The compose backend: the original's six services as containers, through testcontainers' DockerCompose."""
