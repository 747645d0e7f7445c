import type { AttemptId, HostId } from "../protocol/ids.ts"
import type { JobSpec } from "../protocol/job.ts"
import type { Database } from "./database.ts"
import { likenessHash } from "./job-likeness.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["crashes"]

/** How often a job has ended in the crash of a host. */
export interface CrashedOn {
  readonly host: HostId
  readonly times: number
}

const NONE: readonly CrashedOn[] = []

/** Which jobs ran on which hosts when those crashed. There are few, so all of it is kept in memory, too. */
export class CrashStore {
  readonly #insert
  readonly #all
  #byLikeness: Map<string, readonly CrashedOn[]> | undefined

  constructor(database: Database) {
    this.#insert = database.statement<Row>((q, v) =>
      q
        .insertInto("crashes")
        .values({ attempt: v.attempt, likeness: v.likeness, host: v.host, at: v.at })
        .onConflict((c) => c.doNothing()),
    )
    this.#all = database.statement<object, Row>((q) => q.selectFrom("crashes").selectAll())
  }

  /** Notes a crash, once for each attempt. */
  add(user: string, spec: JobSpec, crash: { readonly attempt: AttemptId; readonly host: HostId; readonly at: number }) {
    if (this.#insert.run({ ...crash, likeness: likenessHash(user, spec) }) > 0) this.reload()
  }

  /** Where jobs like this one were when their host crashed. */
  of(user: string, spec: JobSpec): readonly CrashedOn[] {
    this.#byLikeness ??= this.#read()
    const known = this.#byLikeness
    return known.size === 0 ? NONE : (known.get(likenessHash(user, spec)) ?? NONE)
  }

  /** Reads everything anew when it is asked for next. */
  reload(): void {
    this.#byLikeness = undefined
  }

  #read(): Map<string, readonly CrashedOn[]> {
    const found = new Map<string, readonly CrashedOn[]>()
    for (const { likeness, host } of this.#all.all({})) {
      const before = found.get(likeness) ?? NONE
      const times = 1 + (before.find((one) => one.host === host)?.times ?? 0)
      found.set(likeness, [...before.filter((one) => one.host !== host), { host: host as HostId, times }])
    }
    return found
  }
}
