import { closeSync, openSync, statSync } from "node:fs"
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"
import {
  type Compilable,
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely"
import type { Schema } from "./schema.ts"

/** Stands in a compiled query for a value given at each call. */
class Placeholder {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** A query compiled and prepared once. `Values` names what each call gives. */
export interface Statement<Values extends object, Row> {
  /** Runs a query that changes rows and returns how many it changed. */
  run(values: Values): number
  get(values: Values): Row | undefined
  all(values: Values): Row[]
}

/** Kysely as builder of queries only: they run synchronously here, so that a transaction cannot interleave with another. */
export function queryBuilder(): Kysely<Schema> {
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}

/**
 * The one connection to the database of a server: SQLite in WAL mode with every commit on disk before it returns.
 * All calls are synchronous; SQLite's errors are thrown as they are.
 */
export class Database implements Disposable {
  readonly #path: string
  readonly #identity: string | null
  readonly #sqlite: DatabaseSync
  readonly #builder = queryBuilder()
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #rollback: StatementSync
  #inTransaction = false

  /** @param path a file, or ":memory:" for tests */
  constructor(path: string) {
    // SQLite would make it readable to all, and its journal files like it.
    if (path !== ":memory:") closeSync(openSync(path, "a", 0o600))
    this.#path = path
    this.#identity = identityOf(path)
    this.#sqlite = new DatabaseSync(path, { timeout: 5_000, enableForeignKeyConstraints: true })
    this.#sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000")
    this.#begin = this.#sqlite.prepare("BEGIN IMMEDIATE")
    this.#commit = this.#sqlite.prepare("COMMIT")
    this.#rollback = this.#sqlite.prepare("ROLLBACK")
  }

  /** Prepares a query once for many calls: `db.statement<{ id: number }, Row>((q, p) => q.selectFrom(...).where("id", "=", p.id))`. */
  statement<Values extends object, Row = unknown>(
    build: (query: Kysely<Schema>, values: Values) => Compilable<Row>,
  ): Statement<Values, Row> {
    const names = new Proxy({}, { get: (_, name) => new Placeholder(String(name)) }) as Values
    const compiled = build(this.#builder, names).compile()
    let prepared: StatementSync | undefined
    const statement = () => (prepared ??= this.#sqlite.prepare(compiled.sql))
    const bind = (values: Values) =>
      compiled.parameters.map((parameter) =>
        parameter instanceof Placeholder ? (values as Record<string, SQLInputValue>)[parameter.name] : parameter,
      ) as SQLInputValue[]
    return {
      run: (values) => Number(statement().run(...bind(values)).changes),
      get: (values) => statement().get(...bind(values)) as Row | undefined,
      all: (values) => statement().all(...bind(values)) as Row[],
    }
  }

  /** Runs a query made on the spot, for questions whose shape differs from call to call. */
  query<Row>(build: (query: Kysely<Schema>) => Compilable<Row>): Row[] {
    const compiled: CompiledQuery<Row> = build(this.#builder).compile()
    return this.#sqlite.prepare(compiled.sql).all(...(compiled.parameters as SQLInputValue[])) as Row[]
  }

  /** For pragmas and tests: rows of plain SQL without parameters. */
  rows(sql: string): unknown[] {
    return this.#sqlite.prepare(sql).all()
  }

  /** For migrations and pragmas. */
  execute(sql: string): void {
    this.#sqlite.exec(sql)
  }

  /** The version of the schema in this database; 0 when it is empty. */
  get schemaVersion(): number {
    return Number((this.#sqlite.prepare("PRAGMA user_version").get() as { user_version: number }).user_version)
  }

  /** Whether the file that is written to is still the one at its path: SQLite does not mind when it was removed. */
  get isInPlace(): boolean {
    return this.#path === ":memory:" || identityOf(this.#path) === this.#identity
  }

  /** Makes all of `change` durable, or none of it when it throws. Must not be nested, and `change` must not wait. */
  transaction<T>(change: () => T): T {
    if (this.#inTransaction) throw new TypeError("A transaction within a transaction")
    this.#begin.run()
    this.#inTransaction = true
    try {
      const result = change()
      this.#commit.run()
      return result
    } catch (error) {
      // A failed COMMIT or a full disk may have ended the transaction already.
      if (this.#sqlite.isTransaction) this.#rollback.run()
      throw error
    } finally {
      this.#inTransaction = false
    }
  }

  close(): void {
    if (this.#sqlite.isOpen) this.#sqlite.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** Which file is at a path; `null` where there is none. */
function identityOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.dev} ${stat.ino}`
}
