import { orAborted } from "../base/or-aborted.ts"
import type { RankedEndpoint } from "../hive/engines/engine-adapter.ts"
import { checkModel } from "./check-model.ts"
import { drained } from "./drain.ts"
import { whyNotListening } from "./engine-ports.ts"
import type { EngineProcess, StoppedBy } from "./engine-process.ts"
import { engineSite } from "./engine-site.ts"
import { watchEnd, watchStops } from "./engine-watch.ts"
import { type FoundEngine, findEngine } from "./find-engine.ts"
import { listeningPrograms, refuseWhereFirewallAsks } from "./firewall.ts"
import { FirstLoss } from "./first-loss.ts"
import { askHead } from "./head-http.ts"
import { HeadMeeting } from "./head-meeting.ts"
import { HeadTunnels } from "./head-tunnels.ts"
import { KeptAnswers } from "./kept-answers.ts"
import { LinkWatch } from "./link-watch.ts"
import { asLoss, Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"
import { type ProgressWatch, watchProgress } from "./stall-watch.ts"
import { type RunningHead, startHead } from "./start-head.ts"
import { startWorker } from "./start-worker.ts"

const ANSWER_MS = 5_000
/** Of one that is to end: it may be on its way out, and would wait for what is asked of it. */
const LAST_ANSWER_MS = 1_000

/** Of one whose hive is lost: what it works on comes to no end that anybody waits for. */
const LOST_GRACE_MS = 1_000

/** So much later than another member this one may be asked to end. */
const ASKED_MS = 2_000

/** What runs on the head's host. */
interface Running {
  readonly engines: EngineProcess[]
  head: RunningHead | null
  /** Of requests to it; `null`: it was never ready, or tells nothing of them. */
  progress: ProgressWatch | null
}

/**
 * The head's member: gathers the others, starts the engine once theirs are up, watches all, and ends all.
 * @returns the loss that ended it; `null` when it was asked to
 */
export async function runHead(context: MemberContext): Promise<Loss | null> {
  const { order, clock, tell, asked, hurried } = context
  const end = new FirstLoss(clock)
  const quiet = new AbortController()
  const links = new Map<number, LinkWatch>()
  const tookMs = (rank: number, roundTripMs: number) => {
    // Weights that travel make every link look slow.
    if (running.head === null || quiet.signal.aborted) return
    const link = links.get(rank) ?? new LinkWatch()
    links.set(rank, link)
    const news = link.take(roundTripMs)
    if (news !== undefined) tell({ hive: "slow", rank: 0, member: rank, roundTripMs: news && Math.round(news) })
  }
  using tunnels = order.network?.kind === "tunnel" ? new HeadTunnels(context) : null
  const meeting = order.members.length > 1 ? new HeadMeeting(context, end.fail, tookMs, tunnels) : null
  const running: Running = { engines: [], head: null, progress: null }
  const both = AbortSignal.any([end.signal, asked])
  try {
    await orAborted(serve(context, { meeting, tunnels }, running, end, both, quiet.signal), both)
  } catch (error) {
    if (!asked.aborted) end.fail(asLoss(error, 0))
    if (!asked.aborted) await KeptAnswers.of(context.adapter, context.environment, () => clock.now())?.forget()
  }
  const hasLeft = end.loss?.code === "member_left"
  let loss = end.loss
  if (loss !== null && !hasLeft) tell(lostNews(loss))
  if ((loss === null || hasLeft) && running.head !== null && !running.head.engine.isOver && !hurried.aborted) {
    tell({ hive: "draining", rank: 0 })
    await drainedHead(context, running.head, () => running.progress?.stillMs() ?? 0, end)
  }
  if (loss !== null && hasLeft) {
    // All members are asked, in any order: then it is no loss.
    if (await isAskedWithin(context, ASKED_MS)) loss = null
    else tell(lostNews(loss))
  }
  quiet.abort()
  let by: StoppedBy = "never_began"
  const limits =
    loss === null ? order.limits : { ...order.limits, graceMs: Math.min(LOST_GRACE_MS, order.limits.graceMs) }
  // The head first: a worker that goes before it has it abort.
  const [head, ...others] = running.engines.toReversed()
  if (head !== undefined) by = worse(by, await head.stop(context, limits))
  const ending = meeting?.end(order.limits.graceMs + order.limits.killMs, loss)
  for (const engine of others) by = worse(by, await engine.stop(context, limits))
  await ending
  tell({ hive: "stopped", rank: 0, by })
  return loss
}

export function lostNews(loss: Loss, rank = 0) {
  const { code, message, member, hint, seen } = loss
  return {
    hive: "lost",
    rank,
    member,
    code,
    reason: message,
    ...(hint === undefined ? {} : { hint }),
    ...seen,
  } as const
}

async function serve(
  context: MemberContext,
  { meeting, tunnels }: { readonly meeting: HeadMeeting | null; readonly tunnels: HeadTunnels | null },
  running: Running,
  end: FirstLoss,
  signal: AbortSignal,
  quiet: AbortSignal,
): Promise<never> {
  const { adapter, order, places, tell, clock, environment } = context
  const kept = KeptAnswers.of(adapter, environment, () => clock.now())
  // What it takes to find the engine is nobody's but this host's: it goes on beside the rest.
  const finding = findEngine(adapter, order.engineFolder, 0, environment, signal, kept)
  finding.catch(() => {})
  await checkModel(context)
  tell({ hive: "starting", rank: 0, step: "gather" })
  const isOpen = meeting !== null && tunnels === null
  // It is this very program that listens for the others.
  if (isOpen) await refuseWhereFirewallAsks(context, [process.execPath])
  await meeting?.listen()
  const found = await finding
  const site = await engineSite(context, found)
  if (isOpen) await refuseWhereFirewallAsks(context, listeningPrograms(context, found))
  const versions = await meeting?.gathered(order.limits.gatherMs, signal)
  checkVersions(context, found, versions ?? new Map())

  const started = (engine: EngineProcess) => {
    running.engines.push(engine)
    watchStops(context, engine, end, quiet)
  }
  const workers: RankedEndpoint[] = []
  if (meeting !== null) {
    tell({ hive: "starting", rank: 0, step: "workers" })
    const [theirs, own] = await Promise.all([
      meeting.listening(order.limits.workerMs * 2, signal),
      startWorker(context, found, site, "127.0.0.1", signal, started),
    ])
    if (own !== null) workers.push({ rank: 0, address: "127.0.0.1", port: own.port })
    const protocols = new Map([...theirs].map(([rank, { protocol }]) => [rank, protocol]))
    if (own !== null) protocols.set(0, own.protocol)
    checkProtocols(context, protocols)
    for (const [rank, { port }] of theirs) {
      if (tunnels === null) workers.push({ rank, address: places[rank]?.address ?? "", port })
      else workers.push({ rank, address: "127.0.0.1", port: await tunnels.portTo(rank) })
    }
    if (own !== null) watchEnd(context, own.engine, [], end, quiet)
    await checkReach(context, workers, tunnels)
  }

  running.head = await startHead(context, found, site, workers, signal, started)
  const { engine, at, placed, loadMs } = running.head
  watchEnd(context, engine, workers, end, quiet)
  const { progressPath, progress } = adapter.http
  if (progressPath !== null) {
    const look = async () => {
      const answer = await askHead(at, order.engineKey, progressPath, ANSWER_MS)
      return answer?.status === 200 ? progress(answer.body) : null
    }
    running.progress = watchProgress(clock, order.limits.stallMs, look, quiet, (ms) => {
      const reason = `no token came for ${Math.round(ms / 1000)} s while a request was worked on`
      end.fail(new Loss("stuck", null, reason, undefined, { silentMs: Math.round(ms) }))
    })
  }
  tell({ hive: "ready", rank: 0, ...at, version: found.version, placed, loadMs: Math.round(loadMs) })
  return new Promise<never>(() => {})
}

/** llama.cpp checks only its protocol, and other engines nothing. */
function checkVersions({ places }: MemberContext, found: FoundEngine, versions: ReadonlyMap<number, string>): void {
  for (const [rank, version] of versions) {
    if (version === found.version) continue
    const reason = `member ${rank} (${places[rank]?.host}) has version ${version}, the head (${places[0]?.host}) ${found.version}`
    throw new Loss("versions_differ", rank, reason, "Put the same release on all hosts of the hive.")
  }
}

function checkProtocols({ places }: MemberContext, protocols: ReadonlyMap<number, string | null>): void {
  const [first] = [...protocols].filter(([, protocol]) => protocol !== null)
  for (const [rank, protocol] of protocols) {
    if (first === undefined || protocol === null || protocol === first[1]) continue
    const reason = `the worker of member ${rank} (${places[rank]?.host}) speaks protocol ${protocol}, that of member ${first[0]} ${first[1]}`
    throw new Loss("versions_differ", rank, reason, "Put the same release on all hosts of the hive.")
  }
}

/** An engine that gets no answer at all waits for ever: so each worker is reached from here before that is tried. */
async function checkReach(
  { order, places }: MemberContext,
  workers: readonly RankedEndpoint[],
  tunnels: HeadTunnels | null,
): Promise<void> {
  const own = places[0]?.address
  await Promise.all(
    workers
      .filter(({ port }) => port !== 0)
      .map(async (worker) => {
        const from = worker.rank === 0 ? undefined : own
        const { rank, address, port } = worker
        const isThrough = tunnels !== null && rank > 0
        const reason = await (isThrough
          ? whyNoWay(tunnels, rank)
          : whyNotListening(worker, order.limits.workerMs, from))
        if (reason === null) return
        if (isThrough) {
          const text = `the worker of member ${rank} (${places[rank]?.host}) cannot be reached through the server: ${reason}`
          throw new Loss("unreachable", rank, text)
        }
        const text = `the worker of member ${rank} (${places[rank]?.host}) at ${address}:${port} cannot be reached from the head: ${reason}`
        throw new Loss("unreachable", rank, text, "Look for a firewall between the two hosts.")
      }),
  )
}

function whyNoWay(tunnels: HeadTunnels, rank: number): Promise<string | null> {
  return tunnels.open(rank, "engine").then(
    (way) => {
      way.resume()
      way.end()
      return null
    },
    (error: Error) => error.message,
  )
}

/** What is in flight may finish, unless the hive is lost meanwhile. */
async function drainedHead(
  { adapter, order, clock, hurried }: MemberContext,
  { engine, at }: RunningHead,
  stillMs: () => number,
  end: FirstLoss,
): Promise<void> {
  const { progressPath, progress } = adapter.http
  if (progressPath === null) return
  const look = async () => {
    const answer = await askHead(at, order.engineKey, progressPath, LAST_ANSWER_MS)
    return answer?.status === 200 ? progress(answer.body) : null
  }
  const isOver = () => engine.isOver || (end.loss !== null && end.loss.code !== "member_left")
  await drained({ clock, drainMs: order.limits.drainMs, look, stillMs, isOver, hurried })
}

async function isAskedWithin({ asked, clock }: MemberContext, ms: number): Promise<boolean> {
  await clock.sleep(ms, { signal: asked }).catch(() => {})
  return asked.aborted
}

const BY_HARM: readonly StoppedBy[] = ["never_began", "ended", "second", "killed"]

function worse(a: StoppedBy, b: StoppedBy): StoppedBy {
  return BY_HARM.indexOf(a) > BY_HARM.indexOf(b) ? a : b
}
