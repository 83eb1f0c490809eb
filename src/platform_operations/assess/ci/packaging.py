"""Which names packaging commands and actions give an image, and whether they send it to a registry."""

import re

from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.drafts import Draft, Graph
from platform_operations.assess.ci.variables import resolved
from platform_operations.platforms.reading.commands import invocation


def image_names(draft: Draft, atom: Atom, graph: Graph) -> list[str]:
    """Return the references that a packaging command or action gives to the image it makes."""
    if atom.step.uses is not None:
        raw = [atom.step.inputs.get(key, "") for key in ("tags", "image", "images", "imageName", "name")]
        tags = re.split(r"[\n,]", next((value for value in raw if value), ""))
        if atom.step.inputs.get("repository"):
            prefix = atom.step.inputs["repository"]
            tags = [
                tag if ":" in tag or "/" in tag else f"{prefix}:{tag}" for tag in tags if tag.strip()
            ] or [prefix]
        whole = [
            line
            for tag in tags
            if tag.strip()
            for line in resolved(tag.strip(), draft, atom, graph).split("\n")
        ]
        return [one for one in whole if one]
    called = invocation(atom.text)
    names: list[str] = []
    for index, word in enumerate(called):
        if word in {"-t", "--tag", "--destination", "--image", "-d", "--image-name"} and index + 1 < len(
            called
        ):
            names.append(called[index + 1])
        for flag in (
            "--tag=",
            "-t=",
            "--destination=",
            "--image=",
            "-Dimage=",
            "--imageName=",
            "-Djib.to.image=",
            "--name=",
        ):
            if word.startswith(flag):
                names.append(word[len(flag) :])
    if "push" in called and not names:
        names.extend(word for word in called[called.index("push") + 1 :] if not word.startswith("-"))
    return [resolved(name, draft, atom, graph) for name in names if not name.startswith("-")]


def pushes(atom: Atom) -> bool:
    """Say whether a packaging command or action sends the image to a registry."""
    if atom.step.uses is not None:
        push = atom.step.inputs.get("push", "").strip().lower()
        outputs = atom.step.inputs.get("outputs", "").lower()
        name = atom.step.uses.lower()
        if atom.step.remote:
            return push != "false"
        return (
            push not in {"", "false"}
            or "type=registry" in outputs
            or "push=true" in outputs
            or "publish" in name
            or "kaniko" in name
            or "push-to" in name
        )
    called = invocation(atom.text)
    return (
        "push" in called
        or "--push" in called
        or "--destination" in atom.text
        or called[:1] in {("ko",), ("/kaniko/executor",)}
        or "jib" in atom.text
        or "submit" in called
        or "type=registry" in atom.text
    )
