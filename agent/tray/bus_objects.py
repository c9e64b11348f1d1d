"""Answering what other programs ask of our objects on the desktop's bus: no socket in here.

An object is told as data: its properties, read anew at each question, its methods with their
signatures, and the names of its signals. Whatever is asked that is not there is answered with the
error the bus knows for it, so no panel waits.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jeepney import HeaderFields, Message, MessageType, new_error, new_method_return
from jeepney.low_level import MessageFlag

PROPERTIES = "org.freedesktop.DBus.Properties"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
PEER = "org.freedesktop.DBus.Peer"
_ERROR = "org.freedesktop.DBus.Error."

Value = tuple[str, Any]
"""A signature and what it describes: the bus's variant."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """What can be asked: the signatures of question and answer, and who answers."""

    takes: str = ""
    gives: str = ""
    work: Callable[..., tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Interface:
    """One interface of an object."""

    name: str
    properties: Callable[[], Mapping[str, Value]]
    methods: Mapping[str, Method] = field(default_factory=dict)
    signals: Mapping[str, str] = field(default_factory=dict)
    """The signature of each signal by its name."""


class Unknown(Exception):
    """Nothing of that name is here; ``kind`` is the bus's word for what is missing."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(name)
        self.kind = kind


class Objects:
    """Our objects by their paths."""

    def __init__(self, objects: Mapping[str, Interface]) -> None:
        self._objects = objects

    def reply_to(self, call: Message) -> Message | None:
        """The answer to a call; None if none is wanted."""
        try:
            gives, body = self._asked(call)
        except Unknown as error:
            reply = new_error(call, f"{_ERROR}Unknown{error.kind}", "s", (f"no {error}",))
        except (TypeError, ValueError):
            reply = new_error(call, f"{_ERROR}InvalidArgs", "s", ("not understood",))
        else:
            reply = new_method_return(call, gives or None, body)
        return None if call.header.flags & MessageFlag.no_reply_expected else reply

    def _asked(self, call: Message) -> tuple[str, tuple[Any, ...]]:
        fields = call.header.fields
        path, member = fields[HeaderFields.path], fields[HeaderFields.member]
        name = fields.get(HeaderFields.interface)
        if name == INTROSPECTABLE:
            return "s", (self._described(path),)
        if name == PEER:
            return "", ()
        interface = self._objects.get(path)
        if interface is None:
            raise Unknown("Object", path)
        if name == PROPERTIES:
            return _property(interface, member, call.body)
        if name not in (interface.name, None):
            raise Unknown("Interface", str(name))
        return _method(interface, member, call)

    def _described(self, path: str) -> str:
        """The object, or what lies below a folder of objects, in the bus's own words."""
        found = self._objects.get(path)
        inner = _interface_xml(found) if found else ""
        folder = path.rstrip("/") + "/"
        below = {
            one[len(folder) :].split("/")[0] for one in self._objects if one.startswith(folder)
        }
        nodes = "".join(f'<node name="{one}"/>' for one in below)
        return f"<node>{inner}{nodes}</node>"


def is_call(message: Message) -> bool:
    """Whether somebody asks something of us."""
    return message.header.message_type is MessageType.method_call


def _property(interface: Interface, member: str, body: tuple[Any, ...]) -> tuple[str, Any]:
    if body[:1] not in ((interface.name,), ("",)):
        raise Unknown("Interface", str(body[:1]))
    properties = interface.properties()
    if member == "GetAll":
        return "a{sv}", (dict(properties),)
    if member != "Get" or len(body) < 2:
        raise Unknown("Method", member)
    if body[1] not in properties:
        raise Unknown("Property", str(body[1]))
    return "v", (properties[body[1]],)


def _method(interface: Interface, member: str, call: Message) -> tuple[str, tuple[Any, ...]]:
    method = interface.methods.get(member)
    if method is None:
        raise Unknown("Method", member)
    if call.header.fields.get(HeaderFields.signature, "") != method.takes:
        raise ValueError(member)
    return method.gives, method.work(*call.body)


def _interface_xml(interface: Interface) -> str:
    parts = [f'<interface name="{interface.name}">']
    for name, (signature, _) in interface.properties().items():
        parts.append(f'<property name="{name}" type="{signature}" access="read"/>')
    for name, method in interface.methods.items():
        takes = _arguments(method.takes, ' direction="in"')
        gives = _arguments(method.gives, ' direction="out"')
        parts.append(f'<method name="{name}">{takes}{gives}</method>')
    for name, signature in interface.signals.items():
        parts.append(f'<signal name="{name}">{_arguments(signature, "")}</signal>')
    return "".join([*parts, "</interface>"])


def _arguments(signature: str, direction: str) -> str:
    return "".join(f'<arg type="{one}"{direction}/>' for one in complete_types(signature))


def complete_types(signature: str) -> Iterable[str]:
    """The types of a signature one by one: ``ia{sv}`` is ``i`` and ``a{sv}``."""
    depth, begun = 0, ""
    for letter in signature:
        begun += letter
        depth += (letter in "({") - (letter in ")}")
        if not depth and letter != "a":
            yield begun
            begun = ""
