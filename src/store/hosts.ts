import type { HostFacts } from "../protocol/host.ts"
import type { HostId } from "../protocol/ids.ts"
import { type Lever, NO_LEVER } from "../protocol/owner.ts"
import type { Database } from "./database.ts"
import {
  type HostLeaving,
  type HostLeftovers,
  type HostNetworkRecord,
  type HostRecord,
  NO_LEFTOVERS,
  NO_NETWORK,
} from "./host-record.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["hosts"]

/** The hosts of the pool. */
export class HostStore {
  readonly #insert
  readonly #update
  readonly #remove
  readonly #all

  constructor(database: Database) {
    this.#insert = database.statement<Row>((q, v) => q.insertInto("hosts").values({ id: v.id, ...changing(v) }))
    this.#update = database.statement<Row>((q, v) => q.updateTable("hosts").set(changing(v)).where("id", "=", v.id))
    this.#remove = database.statement<{ id: string }>((q, v) => q.deleteFrom("hosts").where("id", "=", v.id))
    this.#all = database.statement<object, Row>((q) => q.selectFrom("hosts").selectAll().orderBy("name"))
  }

  /** @throws SQLite's error when id or name is taken: check before */
  add(host: HostRecord): void {
    this.#insert.run(toRow(host))
  }

  update(host: HostRecord): void {
    this.#update.run(toRow(host))
  }

  remove(id: HostId): void {
    this.#remove.run({ id })
  }

  /** By name. */
  list(): HostRecord[] {
    return this.#all.all({}).map(fromRow)
  }
}

function changing(v: Row) {
  return {
    name: v.name,
    address: v.address,
    port: v.port,
    owner: v.owner,
    fleet: v.fleet,
    labels_json: v.labels_json,
    host_key: v.host_key,
    draining: v.draining,
    created_at: v.created_at,
    facts_json: v.facts_json,
    next_sequence: v.next_sequence,
    leftovers_json: v.leftovers_json,
    leaving_json: v.leaving_json,
    disk_limit_bytes: v.disk_limit_bytes,
    console_account: v.console_account,
    lever_json: v.lever_json,
    week_told_at: v.week_told_at,
    machine: v.machine,
    network_json: v.network_json,
  }
}

function toRow(host: HostRecord): Row {
  return {
    id: host.id,
    name: host.name,
    address: host.address,
    port: host.port,
    owner: host.owner,
    fleet: host.fleet,
    labels_json: JSON.stringify(host.labels),
    host_key: host.hostKey,
    draining: Number(host.draining),
    created_at: host.createdAt,
    facts_json: host.facts === null ? null : factsText(host.facts),
    next_sequence: host.nextSequence,
    leftovers_json: leftoversText(host.leftovers),
    leaving_json: host.leaving === null ? null : JSON.stringify(host.leaving),
    disk_limit_bytes: host.diskLimitBytes,
    console_account: host.consoleAccount,
    lever_json: leverText(host.lever),
    week_told_at: host.weekToldAt,
    machine: host.machine,
    network_json: host.network === NO_NETWORK ? null : JSON.stringify(host.network),
  }
}

const TEXTS = new WeakMap<HostFacts, string>()

/** Rows are written for each attempt (its number is counted here), facts change only at a connect. */
function factsText(facts: HostFacts): string {
  const known = TEXTS.get(facts)
  if (known !== undefined) return known
  const text = JSON.stringify(facts)
  TEXTS.set(facts, text)
  return text
}

function leftoversText(leftovers: HostLeftovers): string | null {
  return leftovers.strays.length === 0 && leftovers.missing === null ? null : JSON.stringify(leftovers)
}

function leverText(lever: Lever): string | null {
  return lever.rules === null && Object.keys(lever.pauses).length === 0 ? null : JSON.stringify(lever)
}

function fromRow(row: Row): HostRecord {
  return {
    id: row.id as HostId,
    name: row.name,
    address: row.address,
    port: row.port,
    owner: row.owner,
    fleet: row.fleet,
    labels: JSON.parse(row.labels_json) as Record<string, string>,
    hostKey: row.host_key,
    draining: row.draining === 1,
    createdAt: row.created_at,
    facts: row.facts_json === null ? null : (JSON.parse(row.facts_json) as HostFacts),
    nextSequence: row.next_sequence,
    leftovers: row.leftovers_json === null ? NO_LEFTOVERS : (JSON.parse(row.leftovers_json) as HostLeftovers),
    leaving: row.leaving_json === null ? null : (JSON.parse(row.leaving_json) as HostLeaving),
    diskLimitBytes: row.disk_limit_bytes,
    consoleAccount: row.console_account,
    lever: row.lever_json === null ? NO_LEVER : (JSON.parse(row.lever_json) as Lever),
    weekToldAt: row.week_told_at,
    machine: row.machine,
    network: row.network_json === null ? NO_NETWORK : (JSON.parse(row.network_json) as HostNetworkRecord),
  }
}
