"""What may stand in the chart's values.yaml: values.schema.json is made of it. It knows which settings are
secrets; the processes themselves refuse a setting that nobody knows."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from services.distribution.agent.settings import AgentSettings
from services.distribution.settings import DistributionSettings
from services.gauntlet.settings import GauntletSettings
from services.gauntlet.worker.settings import WorkerSettings
from services.promotion.settings import PromotionSettings
from shared.process.settings import BaseServiceSettings, secrets_of

MODELS: tuple[type[BaseServiceSettings], ...] = (
    PromotionSettings,
    GauntletSettings,
    DistributionSettings,
    WorkerSettings,
    AgentSettings,
)
SECRET = sorted({name for model in MODELS for name in secrets_of(model)} - {"RINGRIFT_NATS_URL"})
"""Variables that stand in no values. The bus's address is one of the settings, and its password is not in it."""
VARIABLE = "^RINGRIFT_[A-Z0-9_]+$"

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=253)]
NameOrNone = Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?)?$", max_length=253)]
Quantity = Annotated[str, Field(pattern=r"^[0-9.]+(m|k|Ki|M|Mi|G|Gi|T|Ti)?$")]
Texts = dict[str, str]
Objects = list[dict[str, Any]]
Seconds = Annotated[int, Field(ge=1, le=3600)]
Port = Annotated[int, Field(ge=1, le=65535)]
Settings = Annotated[
    Texts, Field(json_schema_extra={"propertyNames": {"pattern": VARIABLE, "not": {"enum": [*SECRET]}}})
]
"""Variables, and no secrets. Values are text, because Helm makes floats of large numbers."""
SecretVariable = Annotated[str, Field(pattern=VARIABLE)]


class Strict(BaseModel):
    """Nothing that is not declared here."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Image(Strict):
    """Which images, and from where."""

    repository: str
    tag: str
    pull_policy: Literal["Always", "IfNotPresent", "Never"]
    pull_secrets: Objects


class Account(Strict):
    """The account of the pods."""

    annotations: Texts


class Existing(Strict):
    """A Secret that exists, or none."""

    existing_secret: NameOrNone


class Storage(Strict):
    """The folder that the services share."""

    existing_claim: NameOrNone
    class_name: NameOrNone
    size: Quantity
    access_modes: list[Literal["ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]]


class Secret(Strict):
    """A Secret that exists, and those of its keys that a process is given: variables, by their names."""

    name: Name
    keys: list[SecretVariable]


class Resources(Strict):
    """What a container asks for and is held to."""

    requests: dict[str, Quantity] = {}
    limits: dict[str, Quantity] = {}


class Placement(Strict):
    """Fields of a pod's spec that say where it goes."""

    node_selector: Texts = {}
    tolerations: Objects = []
    affinity: dict[str, Any] = {}
    priority_class_name: str = ""
    runtime_class_name: str = ""


class Process(Strict):
    """What every process has."""

    secret: Secret
    resources: Resources
    pod: Placement


class Migrate(Process):
    """The migration."""

    wait: Seconds


class Service(Process):
    """A service, of which there may be several processes."""

    replicas: Annotated[int, Field(ge=0, le=100)]
    settings: Settings
    scratch: Quantity
    grace_period_seconds: Seconds


class ScalerSecret(Strict):
    """The Secret with the key with which the backlog is asked for."""

    name: Name
    key: str


class Scaling(Strict):
    """Workers by what waits."""

    kind: Literal["none", "keda", "hpa"]
    min: Annotated[int, Field(ge=0)]
    max: Annotated[int, Field(ge=1)]
    backlog_games: Annotated[int, Field(ge=1)]
    backlog_seconds: Annotated[int, Field(ge=1)]
    secret: ScalerSecret


class Workers(Service):
    """The workers."""

    autoscaling: Scaling


class Agents(Process):
    """The agents."""

    enabled: bool
    namespace: NameOrNone
    settings: Settings
    host_path: Annotated[str, Field(pattern="^/.+")]
    prepare_folder: bool
    grace_period_seconds: Seconds


class Ingress(Strict):
    """Host names under which services are shown."""

    enabled: bool
    class_name: NameOrNone
    annotations: Texts
    hosts: dict[Literal["promotion", "gauntlet", "distribution"], Name]
    tls_secret: NameOrNone


class Elsewhere(Strict):
    """A server outside of the chart."""

    ports: list[Port]
    peers: Objects


class From(Strict):
    """Who else reaches each service."""

    promotion: Objects
    gauntlet: Objects
    distribution: Objects


class To(Strict):
    """Servers outside of the chart."""

    postgres: Elsewhere
    nats: Elsewhere
    bucket: Elsewhere
    webhooks: Elsewhere


class NetworkPolicy(Strict):
    """Who reaches whom."""

    model_config = ConfigDict(alias_generator=lambda name: {"callers": "from"}.get(name, name))
    enabled: bool
    callers: From
    scrapers: Objects
    to: To


class Monitoring(Strict):
    """For Prometheus' operator."""

    service_monitor: bool
    rules: bool
    labels: Texts
    secret: NameOrNone


class Values(Strict):
    """All values of the chart."""

    image: Image
    fullname_override: NameOrNone
    settings: Settings
    service_account: Account
    certificates: Existing
    bucket: Existing
    storage: Storage
    migrate: Migrate
    promotion: Service
    gauntlet: Service
    distribution: Service
    workers: Workers
    agents: Agents
    ingress: Ingress
    network_policy: NetworkPolicy
    monitoring: Monitoring
    globals: Annotated[dict[str, Any], Field(alias="global")] = {}
