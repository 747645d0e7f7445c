import type { IncomingMessage, ServerResponse } from "node:http"
import type { Clock } from "../../base/clock.ts"
import { type Dialect, requestIdOf } from "../../gateway/dialect.ts"
import { forEngine } from "../../gateway/for-engine.ts"
import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import { countOf } from "../../gateway/json-object.ts"
import { lightened } from "../../gateway/light-request.ts"
import { anthropicModel, anthropicModels, openAiModel, openAiModels } from "../../gateway/model-list.ts"
import { promptName } from "../../gateway/prompt-name.ts"
import { refuseCostly } from "../../gateway/refuse-costly.ts"
import { refuseOther } from "../../gateway/refuse-embeddings.ts"
import { refuseImages, refuseLargeImages } from "../../gateway/refuse-images.ts"
import { refuseTooLong } from "../../gateway/refuse-too-long.ts"
import { stallWeight } from "../../gateway/stall-weight.ts"
import { refuseTokens } from "../../gateway/token-prompts.ts"
import { nearModel } from "../../hive/hub/near-model.ts"
import { makeId } from "../../protocol/ids.ts"
import type { StoredKey } from "../../store/model-keys.ts"
import type { Core } from "../core.ts"
import { onlyAnswer } from "./answer-sink.ts"
import { engineAgent } from "./ask-engine.ts"
import { BlamedRequests } from "./blamed-requests.ts"
import { ChoicesExchange, type MeterOf } from "./choices-exchange.ts"
import { ClientAnswer } from "./client-answer.ts"
import { carryOut } from "./exchange.ts"
import { GATEWAY_LIMITS, type GatewayLimits } from "./gateway-limits.ts"
import { methodsOf, type Place, pathOf, placeOf } from "./gateway-places.ts"
import { type BodyHold, HeldBody, HeldBytes } from "./held-bytes.ts"
import { keyOf } from "./keys.ts"
import { Meter, mostTokensOf } from "./meter.ts"
import { beginningsOf } from "./prefix-memory.ts"
import { problemOf } from "./problem-of.ts"
import { Quotas } from "./quotas.ts"
import { readBody } from "./read-body.ts"
import type { ServedModel, ServedModels } from "./served-models.ts"
import { Turns } from "./turns.ts"
import { unpacksTo } from "./unpacks-to.ts"
import { countUse } from "./use.ts"
import { userSeats } from "./user-seats.ts"

export interface GatewayOptions {
  readonly core: Core
  readonly models: ServedModels
  readonly limits?: Partial<GatewayLimits> | undefined
}

/** One request of the gateway. */
interface Call {
  readonly place: Place
  readonly request: IncomingMessage
  readonly client: ClientAnswer
  readonly id: string
  readonly end: AbortController
}

/** The one endpoint in front of all models. It is not there where none is served and nobody has a key. */
export class Gateway implements Disposable {
  readonly #core: Core
  readonly #models: ServedModels
  readonly #limits: GatewayLimits
  readonly #agent = engineAgent()
  readonly #turns = new Map<string, Turns>()
  readonly #quotas: Quotas
  readonly #held = new HeldBytes()
  readonly #blamed: BlamedRequests
  /** What the ids of this run's requests begin with: they need not be guessed at, only differ. */
  readonly #run: string
  #requests = 0
  /** What ends each request under way, with its key. */
  readonly #underWay = new Map<AbortController, StoredKey>()
  readonly #unlisten: readonly (() => void)[]

  constructor({ core, models, limits }: GatewayOptions) {
    this.#core = core
    this.#models = models
    this.#limits = { ...GATEWAY_LIMITS, ...limits }
    this.#quotas = new Quotas(core)
    this.#blamed = new BlamedRequests(core.clock)
    this.#run = makeId<string>("r", core.randomBytes(16)).slice(1, 17)
    this.#unlisten = [
      models.onChange((name) => {
        this.#turns.get(name)?.look()
        this.#blamed.look(name)
      }),
      core.followers.onAccounts(() => this.#endRemoved()),
    ]
    core.signal.addEventListener("abort", () => this.#endAll(), { once: true })
  }

  /** Whether the request is the gateway's; then it is being answered. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const place = placeOf(request.url ?? "")
    if (place === undefined || !this.#isThere) return false
    const isAnthropic = isOfAnthropic(place, request)
    const id = `${this.#run}${(this.#requests++).toString(36).padStart(6, "0")}`
    const end = new AbortController()
    const client = new ClientAnswer(request, response, this.#limits, { requestId: requestIdOf(id), isAnthropic, end })
    this.#answer({ place, request, client, id, end }).catch((error) => {
      if (!client.isGone) this.#core.report("The gateway failed", error)
      response.destroy()
    })
    return true
  }

  [Symbol.dispose](): void {
    for (const unlisten of this.#unlisten) unlisten()
    this.#agent.destroy()
  }

  /** Who has a key has a client, which is to read in its own dialect that a model was stopped, also where it was the last one. */
  get #isThere(): boolean {
    return !this.#models.isEmpty || !this.#core.store.modelKeys.isEmpty
  }

  async #answer(call: Call): Promise<void> {
    const { place, request, client } = call
    try {
      if (request.method === "OPTIONS") {
        client.preflight([...methodsOf(place), "OPTIONS"])
        return
      }
      const key = keyOf(this.#core, request.headers)
      if (place.kind === "unsupported")
        throw new GatewayProblem(
          "unsupported",
          `${request.method} ${pathOf(request.url ?? "").slice(0, 200)} is not supported here`,
        )
      const methods = methodsOf(place)
      if (!methods.includes(request.method ?? "")) {
        client.header("allow", methods.join(", "))
        throw new GatewayProblem("wrong_method", `${request.method} is not what this path takes`)
      }
      if (place.kind === "dialect") await this.#serve(place.dialect, key, call)
      else client.json(200, this.#listed(place, key, isOfAnthropic(place, request)))
    } catch (error) {
      if (client.isGone) return
      const problem = problemOf(error)
      if (!(error instanceof GatewayProblem)) this.#core.report("The gateway failed", problem.cause)
      client.refuse(problem)
    }
  }

  async #serve(dialect: Dialect, key: StoredKey, { request, client, id, end }: Call): Promise<void> {
    using undo = new DisposableStack()
    this.#underWay.set(end, key)
    undo.defer(() => this.#underWay.delete(end))
    const hold = this.#held.hold()
    undo.defer(() => hold.release())
    const { model, asked, original, meterOf, meter, body, beginnings } = await this.#read(dialect, key, request, hold)
    const onSeen = () => {
      body.free()
      hold.release()
    }
    undo.defer(onSeen)
    const { name, purpose, contextTokens } = model
    const place = this.#quotas.enter(key, {
      prompt: meter.promptGuess,
      answers: purpose === "embeddings" ? 0 : (asked.choices?.changes.length ?? 1),
      perAnswer: countOf(asked.body.max_tokens) ?? null,
      mostPerAnswer: contextTokens,
    })
    undo.defer(() => place.leave())
    if (asked.ignored.length > 0) client.header("x-windfall-ignored", headerText(asked.ignored))
    const { signal } = end
    const names = { model: name, id, createdS: Math.floor(this.#core.clock.now() / 1_000) }
    let counted: Promise<void> | undefined
    const count = (): Promise<void> => (counted ??= countUse(this.#core, key, name, (choices ?? meter).use))
    const side = { dialect, asked, original, names, client, count }
    const common = {
      agent: this.#agent,
      limits: this.#limits,
      name,
      path: dialect.enginePath,
      stream: asked.stream,
      user: key.user,
      turns: this.#turnsOf(name),
      blamed: this.#blamed,
      weight: stallWeight(asked.body),
      onTurn: () => place.begin(),
      client,
      model: () => this.#models.find(name),
      signal,
    }
    const choices: ChoicesExchange | null =
      asked.choices === undefined ? null : new ChoicesExchange(side, asked.choices, common, meterOf, place.goOn)
    try {
      if (choices !== null) await choices.carryOut()
      else {
        const sink = () => onlyAnswer(side, () => meter.usage)
        await carryOut({ ...common, beginnings, body, onSeen, meter, sink })
      }
    } catch (error) {
      if (client.isGone) return
      const raw = problemOf(signal.aborted ? signal.reason : error)
      const problem = dialect.explain?.(raw, { name, contextTokens }) ?? raw
      if (!client.isStreaming) throw problem.cause === undefined ? problem : error
      await count()
      client.end(dialect.stream(asked, original, names).fail(problem))
    } finally {
      await count()
      const turns = this.#turns.get(name)
      if (turns?.isIdle === true && this.#models.find(name) === undefined) this.#turns.delete(name)
    }
  }

  /** What came, checked; of the request itself no more is kept than its answer needs. @throws {GatewayProblem} */
  async #read(dialect: Dialect, key: StoredKey, request: IncomingMessage, hold: BodyHold) {
    const original = await readBody(request, this.#limits, this.#held, hold)
    const read = dialect.read(original)
    const model = this.#modelFor(read.model, key)
    const { name, takesImages, takesTokens, purpose, contextTokens } = model
    refuseOther(dialect.name === "embeddings", purpose === "embeddings", name)
    const asked = purpose === "text" ? forEngine(read, dialect.name, name, model.requests) : read
    if (!takesImages) refuseImages(asked.body, name)
    if (!takesTokens) refuseTokens(asked.body, name)
    const list = promptName(dialect.name)
    refuseCostly(asked.body, list)
    await refuseLargeImages(asked.body, list, unpacksTo)
    refuseTooLong(asked.body, model, list)
    const text = JSON.stringify(asked.body)
    const meterOf = meters(purpose, contextTokens, this.#core.clock)
    const meter = meterOf(asked.body, text)
    const beginnings = asked.choices === undefined ? beginningsOf(asked.body) : []
    const body = new HeldBody(asked.choices === undefined ? text : "{}")
    return { model, ...lightened(asked, original), meterOf, meter, body, beginnings }
  }

  /** The key may be for some models only: of others it does not learn that they are there. */
  #modelFor(name: string, key: StoredKey): ServedModel {
    const model = this.#models.find(name)
    if (model !== undefined && isFor(key, name)) return model
    const near = nearModel(
      name,
      this.#visible(key).map((each) => each.name),
    )
    const hint = near === undefined ? "" : ` Did you mean \`${near}\`?`
    throw new GatewayProblem(
      "unknown_model",
      `The model \`${name.slice(0, 128)}\` does not exist or you do not have access to it.${hint}`,
      { param: "model" },
    )
  }

  #visible(key: StoredKey): ServedModel[] {
    return this.#models.all().filter(({ name }) => isFor(key, name))
  }

  #listed(place: Place, key: StoredKey, isAnthropic: boolean) {
    if (place.kind !== "model") return (isAnthropic ? anthropicModels : openAiModels)(this.#visible(key))
    return (isAnthropic ? anthropicModel : openAiModel)(this.#modelFor(place.kind === "model" ? place.name : "", key))
  }

  #turnsOf(name: string): Turns {
    const known = this.#turns.get(name)
    if (known !== undefined) return known
    const { clock } = this.#core
    const seatsOf = (user: string) => userSeats(this.#core, user)
    const turns = new Turns({ name, models: this.#models, limits: this.#limits, seatsOf, clock })
    this.#turns.set(name, turns)
    return turns
  }

  #endAll(): void {
    const problem = new GatewayProblem("stopping", "The server is stopping", { retryAfterS: 30 })
    for (const end of this.#underWay.keys()) end.abort(problem)
  }

  #endRemoved(): void {
    for (const [end, { id }] of this.#underWay) {
      if (!this.#core.store.modelKeys.has(id))
        end.abort(new GatewayProblem("wrong_key", "Incorrect API key provided: it was removed meanwhile"))
    }
  }
}

function meters(purpose: ServedModel["purpose"], contextTokens: number, clock: Clock): MeterOf {
  return (body, text) => new Meter(text, mostTokensOf(body, purpose, contextTokens), clock)
}

function isFor({ models }: StoredKey, name: string): boolean {
  return models === null || models.includes(name)
}

function isOfAnthropic(place: Place, { headers }: IncomingMessage): boolean {
  if (place.kind === "dialect") return place.dialect.isAnthropic
  if (place.kind === "unsupported") return place.isAnthropic
  return headers["anthropic-version"] !== undefined
}

/** Names of fields come from the client: what a header cannot hold is left out. */
function headerText(names: readonly string[]): string {
  return names
    .map((name) => name.replaceAll(/[^\w.-]/g, "").slice(0, 64))
    .filter((name) => name !== "")
    .slice(0, 20)
    .join(", ")
}
