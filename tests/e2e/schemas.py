"""The published JSON Schemas, applied."""

import json

import jsonschema

from gateway import ROOT

_store = {}
for path in (ROOT / "conf/schema").glob("*.schema.json"):
    document = json.loads(path.read_text())
    _store[document["$id"]] = _store[path.name] = document


def validate(instance, name):
    resolver = jsonschema.RefResolver.from_schema(_store[name], store=_store)
    jsonschema.Draft202012Validator(_store[name], resolver=resolver,
                                    format_checker=jsonschema.FormatChecker()).validate(instance)
