import { formatBytes } from "../../base/bytes.ts"
import type { ModelDisk } from "../../protocol/model-disk.ts"
import { formatAge } from "./age.ts"
import { printable, renderTable } from "./table.ts"

/** What models of hubs take on the server's disk, the one that would go first on top. */
export function modelDiskText({ heldBytes, budgetBytes, models }: ModelDisk, now: number): string {
  const most = budgetBytes === null ? "as much as its disk has" : formatBytes(budgetBytes)
  const rows = models
    .toSorted((a, b) => Number(a.stays !== null) - Number(b.stays !== null) || a.usedAt - b.usedAt)
    .map(({ name, repository, bytes, usedAt, stays }) => [
      name,
      printable(repository),
      formatBytes(bytes),
      formatAge(now - usedAt),
      stays === null ? "may go for others" : `stays: ${printable(stays)}`,
    ])
  const table = renderTable(
    [
      { title: "ON THE SERVER" },
      { title: "FROM" },
      { title: "SIZE", right: true },
      { title: "USED", right: true },
      { title: "" },
    ],
    rows,
  )
  return `\n${table}models of hubs take ${formatBytes(heldBytes)} there and may take ${most} (windfall up --model-disk SIZE)\n`
}
