import type { ReplicaRecord } from "../../store/model-record.ts"
import { LiveReplica } from "./live-replica.ts"

type Which = Pick<ReplicaRecord, "model" | "number">

/** What this run of the server knows of replicas, by model and number. */
export class LiveReplicas {
  readonly #live = new Map<string, LiveReplica>()

  of(which: Which): LiveReplica {
    const key = keyOf(which)
    const live = this.#live.get(key) ?? new LiveReplica()
    this.#live.set(key, live)
    return live
  }

  all(): Iterable<LiveReplica> {
    return this.#live.values()
  }

  /** Another one of its model and number begins with nothing that was known of this one. */
  forget(which: Which): void {
    this.#forget(keyOf(which))
  }

  /** The same for all replicas of a model. */
  forgetModel(model: string): void {
    const begin = keyOf({ model, number: "" })
    for (const key of [...this.#live.keys()]) if (key.startsWith(begin)) this.#forget(key)
  }

  #forget(key: string): void {
    this.#live.get(key)?.forgetHive()
    this.#live.delete(key)
  }
}

function keyOf({ model, number }: { readonly model: string; readonly number: number | "" }): string {
  return `${model}\0${number}`
}
