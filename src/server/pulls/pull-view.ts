import { nameOf } from "../../hive/hub/gguf-choices.ts"
import type { PullView } from "../../protocol/pull-api.ts"
import type { PullRecord } from "../../store/pull-record.ts"
import type { PullProgress } from "./pull-progress.ts"

/** @param progress `undefined`: it ended in a former run */
export function pullView(record: PullRecord, progress: PullProgress | undefined): PullView {
  const { model, secret: _, shared: __, ...rest } = record
  const isDone = record.state === "done"
  const files = model.files.map(({ path, bytes }) => ({
    name: nameOf(path),
    bytes,
    doneBytes: isDone ? bytes : Math.min(bytes, progress?.doneOf(path) ?? 0),
  }))
  return {
    ...rest,
    repository: model.repository,
    commit: model.commit,
    label: model.label,
    reason: record.state === "pulling" ? (progress?.waiting ?? null) : record.reason,
    files,
    totalBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    doneBytes: files.reduce((sum, { doneBytes }) => sum + doneBytes, 0),
    fetchedBytes: progress?.fetchedBytes ?? 0,
  }
}
