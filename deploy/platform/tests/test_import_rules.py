from grimp import ImportGraph

from gse_platform.import_rules import OnlyContract


def test_pure_modules_may_use_each_other_and_pure_neighbours() -> None:
    graph = imports(("members.domain", "members.grades"), ("members.grades", "enum"), ("members.domain", "contracts"))

    assert rule().check(graph, verbose=False).kept


def test_a_neighbour_that_is_not_pure_breaks_the_rule_of_who_uses_it() -> None:
    graph = imports(("members.domain", "members.store"), ("members.store", "asyncpg"))

    check = rule().check(graph, verbose=False)

    assert not check.kept
    assert check.metadata["wrong"] == [("members.store", "asyncpg")]


def test_modules_that_no_pure_one_uses_may_import_what_they_like() -> None:
    graph = imports(("members.domain", "contracts"), ("members.api", "fastapi"))

    assert rule().check(graph, verbose=False).kept


def rule() -> OnlyContract:
    options = {"modules": ["members.domain*"], "allowed": ["contracts"]}
    return OnlyContract(name="pure", session_options={}, contract_options=options)


def imports(*pairs: tuple[str, str]) -> ImportGraph:
    graph = ImportGraph()
    for importer, imported in pairs:
        for module in (importer, imported):
            graph.add_module(module)
        graph.add_import(importer=importer, imported=imported)
    return graph
