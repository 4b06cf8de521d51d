"""The operator's commands for the models: what there is, which is in force, another one, the earlier one."""

from pathlib import Path

import click

from service import versions
from service.cli import Group
from service.parts import current_parts
from service.scoring import ModelError

SOON = "Running workers take it within seconds; /readyz says which they have."

model_group = Group("model", help="The trained models: which is in force, and the versions that retraining made.")


@model_group.command("check")
def check() -> None:
    """Verify the files of the models in force and score their probe texts again."""
    model = current_parts().model
    model.check_probes()
    click.echo(f"The model {model.version} is whole and scores its probes as it did when it was published.")


@model_group.command("list")
def list_versions() -> None:
    """List the versions, oldest first, and say which is in force."""
    models = current_parts().config.models_dir
    pointer, shipped = versions.pointer(models), versions.shipped_version(models)
    click.echo(f"{shipped:<32}{'in force' if pointer.active is None else '':<12}came with the service")
    for name in versions.every(models):
        state = "in force" if name == pointer.active else "beside" if name == pointer.shadow else ""
        click.echo(f"{name:<32}{state:<12}{_said(models / versions.VERSIONS / name)}")
    click.echo("\nTo put one in force: flask --app service model activate VERSION")


@model_group.command("activate")
@click.argument("version")
def activate(version: str) -> None:
    """Check the files and probe texts of a version, and put it in force."""
    pointer = versions.activate(current_parts().config.models_dir, version)
    click.echo(f"{version} is in force. {SOON}")
    if pointer.earlier:
        click.echo("To go back: flask --app service model rollback")


@model_group.command("rollback")
def rollback() -> None:
    """Put the version before the present one in force again."""
    models = current_parts().config.models_dir
    pointer = versions.rollback(models)
    click.echo(f"{pointer.active or versions.shipped_version(models)} is in force again. {SOON}")


@model_group.command("unshadow")
def unshadow() -> None:
    """Stop the version that runs beside the one in force."""
    models = current_parts().config.models_dir
    shadow = versions.pointer(models).shadow
    if shadow is None:
        raise ModelError("No version runs beside the one in force. `python -m training retrain --shadow` makes one that does.")
    versions.run_beside(models, None)
    click.echo(f"{shadow} no longer runs beside the version in force. What it would have decided stays recorded.")


def _said(folder: Path) -> str:
    try:
        about = versions.about(folder)
    except (OSError, ValueError, AttributeError) as error:
        return f"its manifest cannot be read ({type(error).__name__})"
    auc = about.get("figures", {}).get("auc", {}).get("candidate")
    told = f"{about.get('lessons', {}).get('verdicts', 0):,} verdicts, tests {'passed' if about.get('passed') else 'refused'}"
    return told + (f", ROC-AUC {auc:.3f}" if auc is not None else "")
