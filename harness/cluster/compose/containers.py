"""The containers of one project: started when they are needed, each with its agent and its log followed."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from harness.cluster.compose import engine
from harness.cluster.compose.agents import Agent, AgentGone
from harness.cluster.compose.project import Project
from harness.errors import EnvironmentFault, UsageError

FOLLOW_TIME = 5.0


class Containers:
    """Containers by the original's names of their services, whatever the compose file calls them."""

    def __init__(self, project: Project, log_folder: Path) -> None:
        self.project = project
        self.log_folder = log_folder
        self._agents: dict[str, Agent] = {}
        self._lock = threading.Lock()
        self._followers: list[subprocess.Popen[bytes]] = []
        self._followed: set[str] = set()

    def name_of(self, service: str) -> str:
        """Give the compose file's name of one of the original's services. Raises UsageError when it has none."""
        services = self.project.spec.services
        if service not in services:
            raise UsageError(f"Unknown service: {service}.", wanted=", ".join(services))
        return services[service]

    def state(self, service: str) -> engine.ContainerState | None:
        """Give the container of a service; None when there is none."""
        name = self.name_of(service)
        return next((c for c in engine.containers(self.project.spec.name) if c.service == name), None)

    def up(self, services: Sequence[str] = ()) -> str:
        """Start the containers of services without those that they need, or all. Returns what Compose printed.

        Raises EnvironmentFault with the engine's reason for the container that does not start.
        """
        try:
            return self.project.up([self.name_of(service) for service in services], alone=bool(services))
        except EnvironmentFault as problem:
            raise self._why_no_start(problem) from problem
        finally:
            self._follow_logs()

    def ensure(self, service: str) -> None:
        """Start the container of a service when it does not run."""
        agent = self._agents.get(service)
        if agent is None or agent.gone.is_set():
            state = self.state(service)
            if state is None or state.status != "running":
                self.up([service])

    def agent(self, service: str) -> Agent:
        """Give the agent of a service's container. Raises AgentGone when the container does not run."""
        with self._lock:
            agent = self._agents.get(service)
            if agent is None or agent.gone.is_set():
                state = self.state(service)
                if state is None or state.status != "running":
                    raise AgentGone
                agent = self._agents[service] = Agent(state.id, self.log_folder / "agents.log")
            return agent

    def is_gone(self, service: str) -> bool:
        """Say whether a service's container ended since its agent was asked."""
        agent = self._agents.get(service)
        return agent is not None and agent.gone.is_set()

    def started(self) -> set[str]:
        """Give the services whose agents were asked."""
        return set(self._agents)

    def signaller(self, service: str) -> Callable[[str, int, bool], None]:
        """Give a function that sends a signal to a job in a service: to its root process, or to all its processes."""

        def send(job: str, number: int, every: bool) -> None:
            with suppress(AgentGone, EnvironmentFault):
                self.agent(service).ask("signal", job=job, signal=int(number), all=every)

        return send

    def close_agents(self) -> None:
        """End every agent; whoever waits for an answer learns that it is gone."""
        for agent in list(self._agents.values()):
            agent.close()

    def close(self) -> None:
        """Wait for the ends of the logs of containers that are gone."""
        for follower in self._followers:
            with suppress(subprocess.TimeoutExpired):
                follower.wait(FOLLOW_TIME)
            follower.kill()
            follower.wait()

    def _why_no_start(self, problem: EnvironmentFault) -> EnvironmentFault:
        for container in engine.containers(self.project.spec.name):
            if container.error and container.status != "running":
                return EnvironmentFault(
                    f"The container of {container.service} did not start.",
                    wanted="every container of the compose file running",
                    seen=container.error,
                    tail=problem.tail,
                    remedy=problem.remedy,
                )
        if missing := [image for image in self.project.images() if engine.image_id(image) is None]:
            return EnvironmentFault(
                f"An image is not here and could not be pulled: {', '.join(missing)}.",
                wanted="every image of the compose file",
                seen=problem.seen,
                tail=problem.tail,
                remedy="docker pull it, or take its service out of the file",
            )
        return problem

    def _follow_logs(self) -> None:
        """Copy each container's log into the log folder as it grows, also after this process has ended."""
        names = {name: service for service, name in self.project.spec.services.items()}
        for container in engine.containers(self.project.spec.name):
            if container.id in self._followed:
                continue
            self._followed.add(container.id)
            with (self.log_folder / f"{names.get(container.service, container.service)}.log").open("wb") as out:
                follower = subprocess.Popen(
                    ["docker", "logs", "--follow", container.id],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                )
            self._followers.append(follower)
