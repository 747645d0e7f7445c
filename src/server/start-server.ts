import { randomBytes } from "node:crypto"
import type { Server } from "node:http"
import { join } from "node:path"
import type { Clock } from "../base/clock.ts"
import { systemClock } from "../base/clock.ts"
import { type HostId, makeId, type RunId, type ServerId } from "../protocol/ids.ts"
import { openDataFolder } from "../store/data-folder.ts"
import type { HostRecord } from "../store/host-record.ts"
import { openStore } from "../store/store.ts"
import { makePrivateFolder } from "../workspace/make-folder.ts"
import { createApp } from "./api/app.ts"
import { addUser, callerOf } from "./auth/accounts.ts"
import { CodesInUse } from "./auth/codes-in-use.ts"
import { openSecretBox } from "./auth/secret-box.ts"
import { createToken } from "./auth/tokens.ts"
import { WrongCodes } from "./auth/wrong-codes.ts"
import { type Certificate, fingerprintOf } from "./certificate.ts"
import { ControlLoop } from "./control-loop.ts"
import type { Core } from "./core.ts"
import { HostExaminations } from "./doctor/host-examinations.ts"
import { admitHost, checkHostName } from "./fleet/change-host.ts"
import { Departures } from "./fleet/departures.ts"
import { hostView } from "./fleet/host-view.ts"
import { Gateway } from "./gateway/gateway.ts"
import type { GatewayLimits } from "./gateway/gateway-limits.ts"
import { takesSockets } from "./gateway/gateway-places.ts"
import { ServedModels } from "./gateway/served-models.ts"
import { answerUnreadable } from "./gateway/unreadable-request.ts"
import type { HostsService, OpenHosts } from "./hosts/host-channel.ts"
import { checkBind, listen } from "./http-server.ts"
import { installSource } from "./install/install-files.ts"
import { lanName } from "./lan-name.ts"
import { WINDFALL } from "./ledger.ts"
import { DEFAULT_LIMITS, type ServerLimits } from "./limits.ts"
import { bundleMember } from "./models/member-bundle.ts"
import type { ModelLimits } from "./models/model-limits.ts"
import { Models } from "./models/models.ts"
import { lookAtFolder, removeMadeFiles, removeMadeFolders } from "./new-folder.ts"
import { ownCertificate } from "./own-certificate.ts"
import { instanceAt, isProved, placeOf } from "./place.ts"
import { type HubSettings, hubSettings } from "./pulls/hub-settings.ts"
import { Pulls } from "./pulls/pulls.ts"
import { tidy } from "./retention.ts"
import { sayTrouble } from "./say-trouble.ts"
import { createTerminals } from "./terminals/terminals.ts"
import { SERVER_VERSION } from "./version.ts"

export interface ServerOptions {
  /** Taken for this process alone as long as it runs. */
  readonly dataFolder: string
  readonly keyFile: string
  readonly cacheFolder: string
  /** @default "127.0.0.1" */
  readonly host?: string
  /** 0 takes a free one. */
  readonly port: number
  readonly tls?: Certificate | null
  /**
   * Listens on all addresses whatever `host` says, under a name by which the lab can reach it; without `tls`, with a
   * certificate of its own that is made once and kept in the data folder.
   */
  readonly lan?: boolean
  /** With `lan`: what others call this machine. @default what it finds out itself */
  readonly address?: string
  readonly limits?: Partial<ServerLimits>
  readonly gatewayLimits?: Partial<GatewayLimits>
  /** The index that hosts get an engine's packages from. @default the one their account names */
  readonly packageIndex?: string
  /** From where models are fetched. @default Hugging Face's hub, without a token */
  readonly hub?: HubSettings
  readonly modelLimits?: Partial<ModelLimits>
  /** The ways to hosts. */
  readonly openHosts: OpenHosts
  readonly clock?: Clock
  readonly random?: () => number
  /** Takes one line for administrators about trouble. @default writes to standard error */
  readonly log?: (line: string) => void
}

export interface RunningServer extends AsyncDisposable {
  readonly url: string
  /** The certificate as PEM, and what it is known by; `null` without TLS. */
  readonly certificate: string | null
  readonly fingerprint: string | null
  readonly server: ServerId
  /** At the very first start: the administrator's token, shown this once. */
  readonly firstToken: { readonly user: string; readonly token: string } | null
  /** The HTTP server itself; terminals' WebSockets come through its `upgrade`. */
  readonly http: Server
  readonly core: Core
  readonly hosts: HostsService
  /** What the gateway serves: filled by whoever runs the models. */
  readonly models: ServedModels
  /** Stops listening, ends the links kindly (jobs go on), closes the database. */
  stop(): Promise<void>
}

const PACKAGE_ROOT = join(import.meta.dirname, "../..")
const TIDY_MS = 3_600_000
const FIRST_CONTACT_MS = 10_000

/**
 * Starts a server: takes the data folder, opens the database, takes up all jobs where they were, listens.
 * @throws {WindfallError} unsafe_bind, data_folder_in_use, database_too_new: nothing is changed then
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host = "127.0.0.1", lan = false, port, clock = systemClock(), random = Math.random } = options
  const log = options.log ?? sayTrouble
  if (!lan) checkBind({ host, port, tls: options.tls ?? null })
  await using undo = new AsyncDisposableStack()
  const found = lookAtFolder(options.dataFolder)
  let isServing = false
  undo.defer(() => {
    if (!isServing) removeMadeFolders(options.dataFolder, found)
  })
  makePrivateFolder(options.dataFolder, "Give another folder with --data")
  const folder = undo.use(openDataFolder(options.dataFolder)).path
  undo.defer(() => {
    if (!isServing) removeMadeFiles(folder, found)
  })
  const tls = options.tls ?? (lan ? await ownCertificate(join(folder, "tls"), clock) : null)
  const listening = {
    port,
    tls,
    ...(lan ? { host: null, name: options.address ?? (await lanName(options.tls?.cert)) } : { host }),
  }
  const store = undo.use(openStore(folder, () => makeId<ServerId>("s", randomBytes(16))))
  const loop = new ControlLoop({
    store,
    folder,
    secrets: openSecretBox(options.keyFile),
    clock,
    randomBytes,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    log,
  })
  undo.defer(() => loop.stop())
  const { core, links } = loop
  const ssh = join(folder, "ssh")
  makePrivateFolder(ssh, "Give another folder with --data")
  makePrivateFolder(options.cacheFolder, "Set HOME, XDG_CACHE_HOME or WINDFALL_CACHE to a folder that can be made")
  const record = (message: string, host: HostId | null, apply = () => {}) => {
    const noted = core.ledger.change(() => {
      apply()
      core.ledger.event({ type: "notice", message, host, job: null })
    })
    noted.catch((error) => core.report("Cannot record a notice", error))
  }
  const here = placeOf(folder)
  const before = store.place.last()
  const secret = store.place.secret(() => Buffer.from(randomBytes(32)).toString("hex"))
  const moved = before !== undefined && before.place !== here.place
  const hosts = options.openHosts({
    server: store.server,
    instance: instanceAt(here, makeId<RunId>("r", randomBytes(16)), secret),
    isProved: (said) => isProved(said, secret),
    moved,
    folder: ssh,
    cacheFolder: options.cacheFolder,
    clock,
    random,
    events: links,
    hosts: () => core.fleet.all().map(({ record }) => record),
    beginJoin: (key, address) => core.fleet.joining.begin(key, address),
    checkName: (name) => checkHostName(core, name),
    admit: async (newHost, actor, { admitted, check }) => {
      const view = await core.ledger.change(() => {
        check()
        const stored = admitHost(core, newHost, actor)
        admitted(stored)
        return stored
      })
      const host = core.fleet.find(view.id)
      hosts.keep(host.record)
      // So that a person who has just added a host sees what it is, and can use it at once.
      await core.fleet.firstContact(view.id, AbortSignal.any([core.signal, AbortSignal.timeout(FIRST_CONTACT_MS)]))
      return hostView(core, host, { user: actor, role: "admin" })
    },
    cleared: () => {
      const message = `This server now has its hosts from ${here.where}; before, it had them from ${before?.where}`
      record(message, null, () => store.place.set(here))
    },
    notice: (message, about) => record(message, about),
  })
  undo.defer(() => hosts.stop())
  core.fleet.onWoken = (host) => hosts.hurry(host)
  const departures = new Departures(core, { hosts: () => hosts, random })
  const certificate = tls?.cert ?? null
  const fingerprint = certificate === null ? null : fingerprintOf(certificate)
  const reach = () => ({ url, fingerprint })
  const install = installSource(PACKAGE_ROOT, options.cacheFolder)
  const wrongCodes = new WrongCodes(clock)
  const codesInUse = new CodesInUse()
  const examinations = new HostExaminations(core)
  const pulls = new Pulls(core, options.hub ?? hubSettings({}), random)
  undo.defer(() => pulls.settled())
  const version = SERVER_VERSION
  const served = new ServedModels()
  let member: Promise<string> | undefined
  const memberFile = () => {
    member ??= bundleMember(PACKAGE_ROOT, options.cacheFolder, core.signal)
    // A full disk may have room again.
    member.catch(() => {
      member = undefined
    })
    return member
  }
  const models = undo.use(
    new Models({ core, served, memberFile, packageIndex: options.packageIndex ?? null, limits: options.modelLimits }),
  )
  models.announce()
  const app = createApp({
    core,
    hosts,
    departures,
    version,
    reach,
    wrongCodes,
    codesInUse,
    examinations,
    install,
    pulls,
    models,
  })
  const gateway = undo.use(new Gateway({ core, models: served, limits: options.gatewayLimits }))
  const { server: http, url } = await listen(
    listening,
    (request, env) => app.fetch(request, env),
    (request, response) => gateway.handle(request, response),
    takesSockets,
  )
  undo.defer(() => closeHttp(http))
  // Only once it listens: a start that fails must not use up the one time the token is shown.
  const firstToken = await core.ledger.change(() => {
    if (!moved) store.place.set(here)
    return makeFirstToken(core)
  })
  const terminals = createTerminals({
    core,
    authenticate: (header) => callerOf(core, /^Bearer (\S{1,200})$/.exec(header ?? "")?.[1]),
  })
  http.on("upgrade", terminals.upgrade)
  http.on("clientError", answerUnreadable)
  undo.defer(() => terminals.close())
  undo.defer(() => loop.announceEnd())
  loop.begin()
  for (const { record } of core.fleet.all()) if (mayBeKept(record)) hosts.keep(record)
  departures.begin()
  pulls.begin()
  models.begin()
  keepTidy(core).catch((error) => core.signal.aborted || core.report("Cannot tidy up", error))
  isServing = true
  const ending = undo.move()
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= ending.disposeAsync())
  return {
    url,
    certificate,
    fingerprint,
    server: store.server,
    firstToken,
    http,
    core,
    hosts,
    models: served,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Not where Windfall is being removed, or was. */
function mayBeKept({ leaving }: HostRecord): boolean {
  return leaving === null || leaving.phase === "ending"
}

/** Within a change. */
function makeFirstToken(core: Core): { user: string; token: string } | null {
  if (core.store.accounts.users().length > 0) return null
  const { name } = addUser(core, "admin", "admin", WINDFALL)
  const { token } = createToken(core, { user: name, role: null, expiresInMs: null }, null)
  return { user: name, token }
}

async function keepTidy(core: Core): Promise<void> {
  for (;;) {
    await core.clock.sleep(TIDY_MS, { signal: core.signal })
    await tidy(core)
  }
}

/** Requests under way have been told to end by the core's signal; what does not is cut off. */
async function closeHttp(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const cut = setTimeout(() => server.closeAllConnections(), 2_000)
  server.closeIdleConnections()
  await closed
  clearTimeout(cut)
}
