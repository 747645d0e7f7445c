import type { KeyUsageView, KeyView } from "../../protocol/key-api.ts"
import { tokenLimitText } from "../../protocol/token-limit.ts"
import { formatTime } from "./age.ts"
import { printable, renderTable } from "./table.ts"

/** Keys as a table; those that are no use any more say so. */
export function keyTable(keys: readonly KeyView[], now: number): string {
  const titles = ["KEY", "USER", "NAME", "MODELS", "LIMIT", "USED", "EXPIRES"]
  const rows = keys.map((key) => [
    key.id,
    key.user,
    key.name,
    key.models === null ? "all" : key.models.map(printable).join(","),
    key.limit === null ? "none" : tokenLimitText(key.limit),
    key.limit === null ? "-" : `${Math.floor((100 * key.usedTokens) / key.limit.tokens)} %`,
    key.expiresAt === null ? "never" : `${formatTime(key.expiresAt)}${key.expiresAt <= now ? " (expired)" : ""}`,
  ])
  return table(titles, rows)
}

/** What was used, as a table. */
export function keyUsageTable({ rows }: KeyUsageView): string {
  const titles = ["USER", "KEY", "MODEL", "REQUESTS", "PROMPT", "CACHED", "GENERATED", "CUT", "GUESSED"]
  const lines = rows.map((row) => [
    row.user,
    `${row.keyName ?? row.key}${row.removed ? " (removed)" : ""}`,
    printable(row.model),
    ...[row.requests, row.promptTokens, row.cachedTokens, row.completionTokens, row.cutRequests, row.guessedTokens].map(
      String,
    ),
  ])
  return table(titles, lines)
}

function table(titles: readonly string[], rows: readonly string[][]): string {
  return renderTable(
    titles.map((title) => ({ title })),
    rows,
  )
}
