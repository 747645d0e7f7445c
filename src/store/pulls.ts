import type { BlobHash, PullId } from "../protocol/ids.ts"
import type { PullState } from "../protocol/pull-api.ts"
import type { Database } from "./database.ts"
import type { PullRecord } from "./pull-record.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["pulls"]
type ChunkRow = Schema["pull_chunks"]
type KnownRow = Schema["known_contents"]

/** Models that are fetched, and what has come of them. All writes happen within a change of the ledger. */
export class PullStore {
  readonly #put
  readonly #get
  readonly #list
  readonly #trim
  readonly #addChunk
  readonly #chunks
  readonly #chunksOf
  readonly #dropChunks
  readonly #trimChunks
  readonly #putKnown
  readonly #known
  readonly #knownOf

  constructor(database: Database) {
    this.#put = database.statement<Row>((q, v) =>
      q.replaceInto("pulls").values({
        id: v.id,
        user: v.user,
        name: v.name,
        shared: v.shared,
        hub: v.hub,
        secret: v.secret,
        revision: v.revision,
        model_json: v.model_json,
        state: v.state,
        reason: v.reason,
        version: v.version,
        created_at: v.created_at,
        ended_at: v.ended_at,
      }),
    )
    this.#get = database.statement<{ id: string }, Row>((q, v) =>
      q.selectFrom("pulls").selectAll().where("id", "=", v.id),
    )
    this.#list = database.statement<object, Row>((q) =>
      q.selectFrom("pulls").selectAll().orderBy("created_at").orderBy("id"),
    )
    this.#trim = database.statement<{ before: number }>((q, v) =>
      q
        .deleteFrom("pulls")
        .where("ended_at", "<", v.before)
        .where((e) =>
          e.not(
            e.exists(
              e
                .selectFrom("data_versions")
                .select("data_versions.name")
                .whereRef("data_versions.name", "=", "pulls.name")
                .whereRef("data_versions.version", "=", "pulls.version"),
            ),
          ),
        ),
    )
    this.#addChunk = database.statement<ChunkRow>((q, v) =>
      q.replaceInto("pull_chunks").values({
        user: v.user,
        content: v.content,
        position: v.position,
        blob: v.blob,
        at: v.at,
      }),
    )
    this.#chunks = database.statement<{ user: string; content: string }, ChunkRow>((q, v) =>
      q
        .selectFrom("pull_chunks")
        .selectAll()
        .where("user", "=", v.user)
        .where("content", "=", v.content)
        .orderBy("position"),
    )
    this.#chunksOf = database.statement<{ user: string }, { blob: string }>((q, v) =>
      q.selectFrom("pull_chunks").select("blob").where("user", "=", v.user),
    )
    this.#dropChunks = database.statement<{ user: string; content: string; from: number }>((q, v) =>
      q
        .deleteFrom("pull_chunks")
        .where("user", "=", v.user)
        .where("content", "=", v.content)
        .where("position", ">=", v.from),
    )
    this.#trimChunks = database.statement<{ before: number }>((q, v) =>
      q.deleteFrom("pull_chunks").where("at", "<", v.before),
    )
    this.#putKnown = database.statement<KnownRow>((q, v) =>
      q.replaceInto("known_contents").values({ user: v.user, content: v.content, bytes: v.bytes, blob: v.blob }),
    )
    this.#known = database.statement<{ user: string; content: string }, KnownRow>((q, v) =>
      q.selectFrom("known_contents").selectAll().where("user", "=", v.user).where("content", "=", v.content),
    )
    this.#knownOf = database.statement<{ user: string }, KnownRow>((q, v) =>
      q.selectFrom("known_contents").selectAll().where("user", "=", v.user),
    )
  }

  put({ model, shared, createdAt, endedAt, ...rest }: PullRecord): void {
    this.#put.run({
      ...rest,
      shared: shared === null ? null : Number(shared),
      model_json: JSON.stringify(model),
      created_at: createdAt,
      ended_at: endedAt,
    })
  }

  get(id: PullId): PullRecord | undefined {
    const row = this.#get.get({ id })
    return row === undefined ? undefined : toRecord(row)
  }

  /** Oldest first. */
  list(): PullRecord[] {
    return this.#list.all({}).map(toRecord)
  }

  /** Forgets those that ended before, but for those that made a version which is still there: that can be fetched again. */
  trim(before: number): void {
    this.#trim.run({ before })
  }

  /** A chunk of a user's file has come, and is durable. */
  addChunk(user: string, content: string, position: number, blob: BlobHash, at: number): void {
    this.#addChunk.run({ user, content, position, blob, at })
  }

  /** The chunks of a file that have come, from its beginning on. */
  chunks(user: string, content: string): BlobHash[] {
    const rows = this.#chunks.all({ user, content })
    const end = rows.findIndex(({ position }, at) => position !== at)
    return (end === -1 ? rows : rows.slice(0, end)).map(({ blob }) => blob as BlobHash)
  }

  /** Of all files of a user that are on their way. */
  chunksOf(user: string): BlobHash[] {
    return this.#chunksOf.all({ user }).map(({ blob }) => blob as BlobHash)
  }

  dropChunks(user: string, content: string, from = 0): void {
    this.#dropChunks.run({ user, content, from })
  }

  /** Forgets chunks that came before. */
  trimChunks(before: number): void {
    this.#trimChunks.run({ before })
  }

  /** A file's content was verified, and lies in the user's blobs. */
  putKnown(user: string, content: string, bytes: number, blob: BlobHash): void {
    this.#putKnown.run({ user, content, bytes, blob })
  }

  /** The blob of a content, or its chunk list; whether that is still there the caller looks. */
  known(user: string, content: string): { readonly bytes: number; readonly blob: BlobHash } | undefined {
    const row = this.#known.get({ user, content })
    return row === undefined ? undefined : { bytes: row.bytes, blob: row.blob as BlobHash }
  }

  knownOf(user: string): { readonly bytes: number; readonly blob: BlobHash }[] {
    return this.#knownOf.all({ user }).map(({ bytes, blob }) => ({ bytes, blob: blob as BlobHash }))
  }
}

function toRecord({ id, shared, state, model_json, created_at, ended_at, ...rest }: Row): PullRecord {
  return {
    ...rest,
    id: id as PullId,
    shared: shared === null ? null : shared === 1,
    state: state as PullState,
    model: JSON.parse(model_json),
    createdAt: created_at,
    endedAt: ended_at,
  }
}
