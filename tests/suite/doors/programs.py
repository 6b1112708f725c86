"""What people write against generated clients: ask for a promotion, wait for its end, read what was promoted from the feed."""

PYTHON = """
import sys, time
from ringrift_promotion import AuthenticatedClient
from ringrift_promotion.api.events import list_events
from ringrift_promotion.api.pointer import read_canonical
from ringrift_promotion.api.promotions import promote, read_promotion_request
from ringrift_promotion.api.status import read_status
from ringrift_promotion.models import ListEventsTypeType0Item as EventType
from ringrift_promotion.models import ModelPromotedEvent, PromoteRequest, PromotionRequest

url, key, model = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)
body = PromoteRequest(model_path=model, board_type="hex8", num_players=2)
asked = promote.sync(client=client, body=body, idempotency_key="python")
again = promote.sync(client=client, body=body, idempotency_key="python")
assert isinstance(asked, PromotionRequest) and again.id == asked.id, asked
while asked.state == "open":
    time.sleep(0.2)
    asked = read_promotion_request.sync(asked.id, client=client)
head = read_canonical.sync("hex8_2p", client=client)
page = list_events.sync(client=client, type_=[EventType.MODEL_PROMOTED])
event = page.items[-1]
assert isinstance(event, ModelPromotedEvent), event
status = read_status.sync(client=client)
assert status.promotion_status.configurations["hex8_2p"].version == head.version
print(asked.state, event.data.version, head.version, event.data.digest == head.digest)
"""
"""Prints the request's state, and the version by the event and by the pointer."""

TYPESCRIPT = """
import type { paths } from "./promotion.js";

declare const process: { argv: string[] };
type Holds<Body> = { content: { "application/json": Body } };
type Json<Answers, Status extends keyof Answers> = Answers[Status] extends Holds<infer Body> ? Body : never;
type Promote = paths["/admin/promote"]["post"];
type Ask = Promote["requestBody"]["content"]["application/json"];
type Asked = Json<Promote["responses"], 202>;
type Read = Json<paths["/v1/promotion-requests/{request_id}"]["get"]["responses"], 200>;
type Feed = Json<paths["/v1/events"]["get"]["responses"], 200>;

const [url, key, model] = process.argv.slice(2) as [string, string, string];
const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };

async function call<Body>(path: string, init: RequestInit = {}): Promise<Body> {
  const answer = await fetch(url + path, { ...init, headers });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Body;
}

const ask: Ask = { model_path: model, board_type: "hex8", num_players: 2, force: false, dry_run: false };
let asked: Asked | Read = await call<Asked>("/admin/promote", { method: "POST", body: JSON.stringify(ask) });
while (asked.state === "open") {
  await new Promise((resolve) => setTimeout(resolve, 200));
  asked = await call<Read>(`/v1/promotion-requests/${asked.id}`);
}
const page = await call<Feed>("/v1/events?type=MODEL_PROMOTED");
const event = page.items[page.items.length - 1]!;
if (event.type !== "MODEL_PROMOTED") throw new Error(event.type);
const version: number = event.data.version;
console.log(asked.state, version);
"""
"""Prints the request's state, and the version by the event. Its types hold only if the feed's document tells the types apart."""
