"""The JSON Schema of a scenario, by which an editor completes keys and accepts what the reader accepts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter

from alprsim.scenario import models, presets, units

_SCALARS = ("string", "number", "integer", "boolean")

_QUANTITIES = {
    "duration": units.DURATION,
    "durationOrUnlimited": units.RETENTION,
    "length": units.LENGTH,
    "speed": units.SPEED,
    "rate": units.RATE,
    "flow": units.FLOW,
}

_EXTENDS = {"type": "string", "description": "Another scenario file, which this one changes.", "minLength": 1}

_PRESET = {
    "Custody": "Laws or practices whose rules lie under what is written here, a later one over an earlier; a policy's lie "
    "over the scenario's. `alprsim presets` lists them with their sources.",
    "Agency": "Laws or practices whose keeping rules this agency follows, where it does not say otherwise; its state and "
    "what it shares are other keys.",
}


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 7, which editors know best) of a scenario file.

    Every scalar may also be ``{value: …, source: …}``. A file that extends another, and a policy's patch, may leave
    out required keys and delete with null.
    """
    defs = _definitions(models.Scenario) | _definitions(models.Policy)
    policy = defs.pop("Policy")
    del policy["properties"]["name"]
    defs["Scenario"]["properties"]["policies"]["additionalProperties"] = {"$ref": "#/$defs/PolicyPatch"}
    _put_presets(defs)
    defs["Change"]["properties"]["custody"] |= {"$ref": "#/$defs/CustodyPatch"}
    patches = {f"{name}Patch": _patch(name, body) for name, body in {**defs, "Policy": policy}.items()}
    for body in (defs["Scenario"], patches["ScenarioPatch"]):
        body["properties"] = {"extends": _EXTENDS, **body["properties"]}
    quantities = {name: _sourced(_text(dimension)) for name, dimension in _QUANTITIES.items()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "alprsim scenario",
        "if": {"required": ["extends"]},
        "then": {"$ref": "#/$defs/ScenarioPatch"},
        "else": {"$ref": "#/$defs/Scenario"},
        "$defs": {**quantities, "preset": _presets(), **defs, **patches},
    }


def _presets() -> dict[str, Any]:
    """Return the names of presets, each with what an editor shows beside it."""
    names = [
        {"const": name, "description": f"{one.title}: {one.status}{'' if one.verified else '; as reported'}"}
        for name, one in presets.known().items()
    ]
    return {"anyOf": [*names, _wrapper({"type": "string"})]}


def _put_presets(defs: dict[str, Any]) -> None:
    """Let custody and an agency name presets, and let custody have agencies directly under it."""
    named = {"$ref": "#/$defs/preset"}
    choice = {"anyOf": [named, {"type": "array", "items": named, "minItems": 1}]}
    for name, said in _PRESET.items():
        defs[name]["properties"] = {"preset": {"description": said, **choice}, **defs[name]["properties"]}
    custody = defs["Custody"]
    custody["additionalProperties"] = {
        "description": "An agency of the scenario, as under `agencies`.",
        **_or_null({"$ref": "#/$defs/AgencyPatch"}),
    }
    custody["required"].remove("agencies")


def _definitions(model: type[BaseModel]) -> dict[str, Any]:
    """Return pydantic's definitions, with figures that may carry a source and defaults as people write them."""
    made = model.model_json_schema()
    bodies = {**made.pop("$defs"), model.__name__: made}
    return {name: _model(body, getattr(models, name)) for name, body in bodies.items()}


def _model(body: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    properties = {key: _figure(_plain(value)) for key, value in body["properties"].items()}
    for key, field in model.model_fields.items():
        properties[key].pop("default", None)
        if not field.is_required() and field.default is not None and not isinstance(field.default, BaseModel | dict):
            annotated: Any = Annotated[field.annotation, key, *field.metadata]
            properties[key]["default"] = TypeAdapter(annotated).dump_python(field.default, mode="json")
    return {**_plain(body), "properties": properties}


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    """Drop what repeats the key's name, and what only OpenAPI reads."""
    return {("anyOf" if key == "oneOf" else key): v for key, v in body.items() if key not in ("title", "discriminator")}


def _figure(body: dict[str, Any]) -> dict[str, Any]:
    """Let every scalar in a property carry its source."""
    if body.get("type") == "array":
        return {**body, "items": _figure(body["items"])}
    if isinstance(body.get("additionalProperties"), dict):
        return {**body, "additionalProperties": _figure(body["additionalProperties"])}
    if "$ref" in body or body.get("type") in ("object", "null"):
        return body
    said: dict[str, Any] = {key: body[key] for key in ("description", "default") if key in body}
    options = body.get("anyOf", [{key: value for key, value in body.items() if key not in said}])
    scalars = [option for option in options if option.get("type") in _SCALARS]
    others = [_figure(_plain(option)) for option in options if option not in scalars]
    return {**said, **_any([*_with_source(scalars), *others])}


def _with_source(scalars: list[dict[str, Any]]) -> list[dict[str, Any]]:
    named = {_text(dimension)["pattern"]: name for name, dimension in _QUANTITIES.items()}
    if len(scalars) == 1 and scalars[0].get("pattern") in named:
        return [{"$ref": f"#/$defs/{named[scalars[0]['pattern']]}"}]
    return [*scalars, _wrapper(_any(scalars))] if scalars else []


def _sourced(scalar: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [scalar, _wrapper(scalar)]}


def _wrapper(scalar: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"value": scalar, "source": {"type": "string", "pattern": r"\S"}},
        "required": ["value", "source"],
        "additionalProperties": False,
    }


def _any(options: list[dict[str, Any]]) -> dict[str, Any]:
    return options[0] if len(options) == 1 else {"anyOf": options}


def _text(dimension: units.Dimension) -> dict[str, Any]:
    return {"type": "string", "pattern": dimension.pattern()}


def _patch(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return a model's schema for a file or policy that changes another: nothing is required, null deletes."""
    rest = {key: value for key, value in body.items() if key != "required"}
    patched = {}
    for key, value in body["properties"].items():
        changed = _to_patch(value)
        patched[key] = _or_null(changed if changed != value else {"$ref": f"#/$defs/{name}/properties/{key}"})
    return {**rest, "properties": patched}


def _to_patch(body: dict[str, Any]) -> dict[str, Any]:
    """Point to the patch of every model but those in lists, which are replaced whole."""
    reference = body.get("$ref", "").removeprefix("#/$defs/")
    if reference and reference not in {*_QUANTITIES, "preset"}:
        return {**body, "$ref": f"#/$defs/{reference.removesuffix('Patch')}Patch"}
    if isinstance(body.get("additionalProperties"), dict):
        rest = {key: value for key, value in body.items() if key != "minProperties"}
        return {**rest, "additionalProperties": _or_null(_to_patch(body["additionalProperties"]))}
    return {**body, "anyOf": [_to_patch(option) for option in body["anyOf"]]} if "anyOf" in body else body


def _or_null(body: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {key: body[key] for key in ("description",) if key in body}
    rest = {key: value for key, value in body.items() if key not in said}
    options = rest["anyOf"] if set(rest) == {"anyOf"} else [rest]
    null = {"type": "null"}
    return {**said, "anyOf": options if null in options else [*options, null]}
