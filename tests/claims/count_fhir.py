#!/usr/bin/env python3
"""Counts what the FHIR files of a folder hold, without clearhead, for fhir_shared_test.cc.

    tests/claims/count_fhir.py FOLDER

Prints for each file: claims, lines, diagnoses, procedures, and sums in cents of what the lines
and the claims charge, allow and pay. Written from the FHIR specification and the names of CMS's
variables, apart from the reader, so that one may find the other's faults.
"""
import decimal
import json
import pathlib
import sys


def names(concept):
    return [c.get("code", "").split("/")[-1].lower() for c in (concept or {}).get("coding", [])]


def cents(number):
    return int((decimal.Decimal(number) * 100).to_integral_value(decimal.ROUND_HALF_UP))


def amount(rows, *wanted):
    """The amount of the first row of the first category that there is."""
    found = {}
    for row in rows:
        if "value" in row.get("amount", {}):
            for name in names(row["category"]):
                found.setdefault(name, cents(row["amount"]["value"]))
    return next((found[name] for name in wanted if name in found), 0)


def extension(node, name):
    for e in node.get("extension", []):
        if e["url"].endswith("/" + name):
            return cents(e["valueMoney"]["value"])
    return 0


def line_amounts(item):
    rows = item.get("adjudication", [])
    return (
        amount(rows, "submitted", "line_sbmtd_chrg_amt", "rev_cntr_tot_chrg_amt", "tot_rx_cst_amt"),
        amount(rows, "eligible", "line_alowd_chrg_amt"),
        amount(rows, "benefit", "line_nch_pmt_amt", "rev_cntr_pmt_amt_amt", "cvrd_d_plan_pd_amt",
               "paidtoprovider"),
    )


def claim_amounts(claim):
    rows = claim.get("total", [])
    charge = amount(rows, "submitted")
    if not charge and "totalCost" in claim:
        charge = cents(claim["totalCost"]["value"])
    charge = charge or extension(claim, "nch_carr_clm_sbmtd_chrg_amt")
    allowed = amount(rows, "eligible") or extension(claim, "nch_carr_clm_alowd_amt")
    if "amount" in claim.get("payment", {}):
        paid = cents(claim["payment"]["amount"]["value"])
    else:
        paid = amount(rows, "benefit", "paidtoprovider")
    return charge, allowed, paid


def is_drug(detail):
    codings = detail["productOrService"]["coding"]
    return any(c.get("system", "").endswith("/ndc") for c in codings)


def count(resources):
    total = [0] * 10
    for r in resources:
        if r.get("use") == "preauthorization":  # refused: nothing was billed
            continue
        items = r.get("item", [])
        lines = len(items) + sum(not is_drug(d) for i in items for d in i.get("detail", []))
        row = [1, lines, len(r.get("diagnosis", [])), len(r.get("procedure", []))]
        row += [sum(column) for column in zip(*map(line_amounts, items))] or [0, 0, 0]
        row += claim_amounts(r)
        total = [a + b for a, b in zip(total, row)]
    return total


def main():
    print("file claims lines diagnoses procedures", *(
        f"{who}_{what}" for who in ("lines", "claims") for what in ("charge", "allowed", "paid")))
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*json")):
        text = path.read_text()
        texts = text.splitlines() if path.suffix == ".ndjson" else [text]
        print(path.name, *count([json.loads(t, parse_float=decimal.Decimal) for t in texts]))


main()
