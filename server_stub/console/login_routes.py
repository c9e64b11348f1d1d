"""The addresses of getting in and out, of the second factor, and of one's own account."""

from starlette.routing import Route

from server_stub.console import pages_account, pages_factor, pages_login, pages_sso
from server_stub.console.page import shown
from server_stub.logins import oidc
from server_stub.logins.auth import Role


def routes() -> list[Route]:
    """Every one of them; only one's own account needs a role, and any will do."""
    account = [
        ("/account", "GET", pages_account.show),
        ("/account/password", "POST", pages_account.change_password),
        ("/account/others", "POST", pages_account.end_others),
    ]
    factor = [
        ("/account/factor", "GET", pages_factor.show),
        ("/account/factor", "POST", pages_factor.confirm),
        ("/account/factor.svg", "GET", pages_factor.picture),
        ("/account/factor/off", "POST", pages_factor.remove),
    ]
    return [
        Route("/login", shown(pages_login.login), methods=["GET"]),
        Route("/login", shown(pages_login.log_in), methods=["POST"]),
        Route("/login/sso", shown(pages_sso.begin), methods=["GET"]),
        Route(oidc.RETURN_PATH, shown(pages_sso.done), methods=["GET"]),
        Route("/login/code", shown(pages_factor.ask), methods=["GET"]),
        Route("/login/code", shown(pages_factor.answer), methods=["POST"]),
        Route("/logout", shown(pages_login.log_out), methods=["POST"]),
        *(Route(path, shown(view, *Role), methods=[how]) for path, how, view in account),
        *(
            Route(path, shown(view, *Role, sets_up=True), methods=[how])
            for path, how, view in factor
        ),
    ]
