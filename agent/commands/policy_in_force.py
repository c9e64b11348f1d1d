"""The policy that this laptop goes by, for a command; also for those who may not see the state."""

import argparse

from agent import config, control, policy_file
from agent.errors import AgentError, ConfigError
from agent.policy import Policy


def in_force(arguments: argparse.Namespace) -> Policy:
    """From the files where the caller may read them, else as the running agent tells it.

    Raises AgentError, ConfigError.
    """
    try:
        return config.load(arguments.config, arguments.state).policy
    except ConfigError:
        raise
    except AgentError as hidden:
        try:
            told = control.ask(arguments.socket, "policy")
        except control.ControlError as error:
            if error.code == "unsigned":
                return config.local_policy(arguments.config / "policy.toml")
            raise AgentError(f"{hidden}; {error}") from error
    return policy_file.read_text(str(told["toml"]), str(told["name"]))
