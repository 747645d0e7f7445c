import type { BlobHash, HostId } from "../protocol/ids.ts"
import type { DataPlace, DataRecord, DataVersion } from "./data-record.ts"
import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["data"]
type VersionRow = Schema["data_versions"]
type PlaceRow = Schema["data_places"]

/** Stored data by name. All writes happen within a change of the ledger. */
export class DataStore {
  readonly #put
  readonly #row
  readonly #rows
  readonly #addVersion
  readonly #versions
  readonly #dropVersions
  readonly #putPlace
  readonly #places
  readonly #dropPlaces
  readonly #dropPlacesOf
  readonly #setProblem
  readonly #rootIn

  constructor(database: Database) {
    this.#put = database.statement<Row>((q, v) =>
      q.replaceInto("data").values({
        name: v.name,
        user: v.user,
        shared: v.shared,
        created_at: v.created_at,
        last_version: v.last_version,
        removed_at: v.removed_at,
      }),
    )
    this.#row = database.statement<{ name: string }, Row>((q, v) =>
      q.selectFrom("data").selectAll().where("name", "=", v.name),
    )
    this.#rows = database.statement<object, Row>((q) =>
      q.selectFrom("data").selectAll().where("removed_at", "is", null).orderBy("name"),
    )
    this.#addVersion = database.statement<VersionRow>((q, v) =>
      q.insertInto("data_versions").values({
        name: v.name,
        version: v.version,
        root: v.root,
        files: v.files,
        bytes: v.bytes,
        added_at: v.added_at,
      }),
    )
    this.#versions = database.statement<{ name: string }, VersionRow>((q, v) =>
      q.selectFrom("data_versions").selectAll().where("name", "=", v.name).orderBy("version"),
    )
    this.#dropVersions = database.statement<{ name: string }>((q, v) =>
      q.deleteFrom("data_versions").where("name", "=", v.name),
    )
    this.#putPlace = database.statement<PlaceRow>((q, v) =>
      q.replaceInto("data_places").values({
        name: v.name,
        host: v.host,
        path: v.path,
        proved_at: v.proved_at,
        problem: v.problem,
        writable: v.writable,
      }),
    )
    this.#places = database.statement<{ name: string }, PlaceRow>((q, v) =>
      q.selectFrom("data_places").selectAll().where("name", "=", v.name).orderBy("host"),
    )
    this.#dropPlaces = database.statement<{ name: string }>((q, v) =>
      q.deleteFrom("data_places").where("name", "=", v.name),
    )
    this.#dropPlacesOf = database.statement<{ host: string }>((q, v) =>
      q.deleteFrom("data_places").where("host", "=", v.host),
    )
    this.#setProblem = database.statement<{ name: string; host: string; problem: string | null }>((q, v) =>
      q.updateTable("data_places").set({ problem: v.problem }).where("name", "=", v.name).where("host", "=", v.host),
    )
    this.#rootIn = database.statement<{ root: string }, { name: string }>((q, v) =>
      q.selectFrom("data_versions").select("name").where("root", "=", v.root).limit(1),
    )
  }

  /** By name. */
  list(): DataRecord[] {
    return this.#rows.all({}).map((row) => this.#record(row))
  }

  get(name: string): DataRecord | undefined {
    const row = this.#row.get({ name })
    return row === undefined || row.removed_at !== null ? undefined : this.#record(row)
  }

  /** Whether any version of any data is this tree. */
  hasRoot(root: BlobHash): boolean {
    return this.#rootIn.get({ root }) !== undefined
  }

  /** Makes the name known, or changes whose it is and who may use it. */
  put({ name, user, shared, createdAt }: Pick<DataRecord, "name" | "user" | "shared" | "createdAt">): void {
    const last_version = this.#row.get({ name })?.last_version ?? 0
    this.#put.run({ name, user, shared: Number(shared), created_at: createdAt, last_version, removed_at: null })
  }

  /** Adds a version under the next number, which no other version of this name ever had or gets. */
  addVersion(name: string, version: Omit<DataVersion, "version">): number {
    const row = this.#row.get({ name })
    if (row === undefined) throw new TypeError(`A version of unknown data ${name}`)
    const next = row.last_version + 1
    this.#put.run({ ...row, last_version: next })
    const { root, files, bytes, addedAt } = version
    this.#addVersion.run({ name, version: next, root, files, bytes, added_at: addedAt })
    return next
  }

  putPlace(name: string, { host, path, provedAt, problem, writable }: DataPlace): void {
    this.#putPlace.run({ name, host, path, proved_at: provedAt, problem, writable: Number(writable) })
  }

  setProblem(name: string, host: HostId, problem: string | null): void {
    this.#setProblem.run({ name, host, problem })
  }

  /** The host has left: nothing lies there for anybody any more. */
  dropPlacesOf(host: HostId): void {
    this.#dropPlacesOf.run({ host })
  }

  remove(name: string, at: number): void {
    const row = this.#row.get({ name })
    if (row === undefined) return
    this.#dropVersions.run({ name })
    this.#dropPlaces.run({ name })
    this.#put.run({ ...row, removed_at: at })
  }

  #record({ name, user, shared, created_at }: Row): DataRecord {
    const versions = this.#versions.all({ name }).map(
      ({ version, root, files, bytes, added_at }): DataVersion => ({
        version,
        root: root as BlobHash,
        files,
        bytes,
        addedAt: added_at,
      }),
    )
    const places = this.#places.all({ name }).map(
      ({ host, path, proved_at, problem, writable }): DataPlace => ({
        host: host as HostId,
        path,
        provedAt: proved_at,
        problem,
        writable: writable === 1,
      }),
    )
    return { name, user, shared: shared === 1, createdAt: created_at, versions, places }
  }
}
