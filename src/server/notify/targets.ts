import { isIP } from "node:net"
import { WindfallError } from "../../protocol/errors.ts"
import { isId, makeId, type TargetId } from "../../protocol/ids.ts"
import { DEFAULT_NOTIFY_ON, type JobNotify, MOST_TARGETS } from "../../protocol/notify.ts"
import type { NotifyRequest, NotifySet, TargetView } from "../../protocol/notify-api.ts"
import { type NotifyTarget, readTarget, targetHost } from "../../protocol/notify-target.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { TargetRecord } from "../../store/notify-record.ts"
import type { Core } from "../core.ts"
import { isPrivateAddress } from "./private-address.ts"

/** A target with what is secret of it. */
export interface OpenTarget extends NotifyTarget {
  /** What messages are signed with, in the form of Standard Webhooks; `null`: they are not. */
  readonly secret: string | null
}

/** Opened before: a batch of jobs asks for the same ones again and again. */
const opened = new WeakMap<TargetRecord, OpenTarget>()

/** @throws {WindfallError} corrupt_data when it was sealed with another key */
export function openTarget(core: Core, record: TargetRecord): OpenTarget {
  const before = opened.get(record)
  if (before !== undefined) return before
  const { id, user, sealed } = record
  const target = JSON.parse(core.secrets.open(sealed, sealContext(user, id))) as OpenTarget
  opened.set(record, target)
  return target
}

/** A target as its user may see it. */
export function targetView(core: Core, record: TargetRecord): TargetView {
  const { id, kind, isDefault, on, dropped, deliveredAt, failingSince, problem } = record
  const waiting = core.notify.waitingFor(id)
  const seen = { id, kind, isDefault, on, waiting, dropped, deliveredAt, failingSince, problem }
  try {
    const open = openTarget(core, record)
    return { ...seen, host: targetHost(open), isSigned: open.secret !== null }
  } catch {
    return { ...seen, host: "an address that this server's key does not open", isSigned: false }
  }
}

/**
 * Makes these the user's defaults, in the place of all before. A target that is known keeps its secret. Within a change.
 * @throws {WindfallError} as {@link checkTargets}
 */
export function setDefaults(core: Core, user: string, { targets, on }: NotifyRequest): NotifySet {
  checkTargets(core, user, targets)
  const wanted = new Set<TargetRecord>()
  const made = new Map<TargetRecord, string>()
  for (const typed of targets) {
    let record = find(core, user, typed)
    if (record === undefined) {
      const target = readTarget(typed)
      const secret = target.kind === "webhook" ? `whsec_${Buffer.from(core.randomBytes(32)).toString("base64")}` : null
      record = add(core, user, { ...target, secret }, { isDefault: true, byJob: false })
      if (secret !== null) made.set(record, secret)
    }
    wanted.add(record)
  }
  for (const record of [...core.notify.of(user)]) if (record.isDefault && !wanted.has(record)) drop(core, record)
  for (const record of wanted) {
    record.isDefault = true
    record.on = on ?? DEFAULT_NOTIFY_ON
    core.notify.changed(record)
  }
  const shown = [...wanted].map((record) => {
    const secret = made.get(record)
    return { ...targetView(core, record), ...(secret === undefined ? {} : { secret }) }
  })
  const count = wanted.size === 1 ? "1 target" : `${wanted.size} targets`
  core.ledger.event({ type: "notify_changed", user, what: `set to ${count}` }, user)
  return { targets: shown }
}

/** Tells nobody any more unless a job names somebody, or not this one. Within a change. @throws {WindfallError} target_not_found */
export function removeTargets(core: Core, user: string, id: string | null): void {
  const found = core.notify.of(user).filter((record) => id === null || record.id === id)
  if (id !== null && found.length === 0) {
    throw new WindfallError(
      "target_not_found",
      `Cannot remove the target ${id.slice(0, 64)}: you have none of that id`,
      {
        hint: "Yours: windfall notify show",
      },
    )
  }
  for (const record of found) core.notify.remove(record)
  if (found.length > 0) {
    core.ledger.event({ type: "notify_changed", user, what: id === null ? "nobody any more" : "one less" }, user)
  }
}

/**
 * The ids of what a job names, made known where they are not. Within a change, after {@link checkTargets}.
 */
export function targetIds(core: Core, user: string, targets: readonly string[]): TargetId[] {
  return [...new Set(targets)].map((typed) => {
    const known = find(core, user, typed)
    if (known === undefined) {
      return add(core, user, { ...readTarget(typed), secret: null }, { isDefault: false, byJob: true }).id
    }
    if (!known.byJob) {
      known.byJob = true
      core.notify.changed(known)
    }
    return known.id
  })
}

/** What a job says of whom to tell, for one more like it: where none of its targets is left, the defaults are told. */
export function notifyAgain(core: Core, { user, spec }: JobRecord): JobNotify | null {
  const { notify } = spec
  if (notify === null || notify.targets === null || notify.targets.length === 0) return notify
  const left = notify.targets.filter((id) => core.notify.get(id)?.user === user)
  return { ...notify, targets: left.length === 0 ? null : left }
}

/**
 * Looks whether the server may tell these, and has room for them. Changes nothing.
 * @throws {WindfallError} invalid_input, target_not_found; never with an address
 */
export function checkTargets(core: Core, user: string, targets: readonly string[]): void {
  let added = 0
  for (const typed of targets) {
    if (isId("n", typed)) {
      if (core.notify.get(typed)?.user === user) continue
      throw new WindfallError("target_not_found", `Cannot tell the target ${typed}: you have none of that id`, {
        hint: "Yours: windfall notify show",
      })
    }
    if (!core.limits.notifyPrivate) checkPublic(readTarget(typed))
    if (find(core, user, typed) === undefined) added += 1
  }
  if (core.notify.of(user).length + added <= MOST_TARGETS) return
  throw new WindfallError("invalid_input", `Cannot tell more than ${MOST_TARGETS} targets: you have so many`, {
    hint: "Remove what is not used any more: windfall notify show, windfall notify rm ID",
  })
}

/** Names are looked at each time they are connected to; what says where it leads is refused at once. */
function checkPublic(target: NotifyTarget): void {
  const { protocol, hostname } = new URL(target.url)
  const literal = hostname.replace(/^\[|\]$/g, "")
  const isNear = isIP(literal) !== 0 ? isPrivateAddress(literal) : /^(?:.*\.)?localhost\.?$/.test(literal)
  if (!isNear && protocol === "https:") return
  const why = isNear ? "it is on the server's own network" : "http would show it to everybody on the way: write https"
  throw new WindfallError("invalid_input", `Cannot tell the ${target.kind} at ${targetHost(target)}: ${why}`, {
    hint: "An administrator may allow the server's own network: windfall up --notify-private",
  })
}

function find(core: Core, user: string, typed: string): TargetRecord | undefined {
  if (isId("n", typed)) return core.notify.get(typed)?.user === user ? core.notify.get(typed) : undefined
  const wanted = readTarget(typed)
  return core.notify.of(user).find((record) => {
    if (record.kind !== wanted.kind) return false
    try {
      const { url, topic } = openTarget(core, record)
      return url === wanted.url && topic === wanted.topic
    } catch {
      return false
    }
  })
}

function add(
  core: Core,
  user: string,
  target: OpenTarget,
  as: Pick<TargetRecord, "isDefault" | "byJob">,
): TargetRecord {
  const id = makeId<TargetId>("n", core.randomBytes(16))
  const record: TargetRecord = {
    id,
    user,
    kind: target.kind,
    sealed: core.secrets.seal(JSON.stringify(target), sealContext(user, id)),
    ...as,
    on: DEFAULT_NOTIFY_ON,
    createdAt: core.clock.now(),
    nextAt: 0,
    failures: 0,
    dropped: 0,
    deliveredAt: null,
    failingSince: null,
    problem: null,
  }
  core.notify.add(record)
  return record
}

function drop(core: Core, record: TargetRecord): void {
  record.isDefault = false
  if (record.byJob) core.notify.changed(record)
  else core.notify.remove(record)
}

function sealContext(user: string, id: TargetId): string {
  return `notify/${user}/${id}`
}
