import { JOB_FIELD_KEYS, type JobField, type JobFieldKey, type JobValues, jobField } from "../../protocol/job-fields.ts"
import { readFieldText } from "../../protocol/job-values.ts"
import { type Option, type OptionTable, option } from "../command-line/option.ts"

/** The flags of `send`, made from the table of what can be said about a job. */
export function jobOptions(): OptionTable {
  const table: Record<string, Option<unknown>> = {}
  for (const key of JOB_FIELD_KEYS) table[optionKey(key)] = jobOption(jobField(key))
  return table
}

/** What was given, under the fields' own keys. */
export function jobValues(options: Readonly<Record<string, unknown>>): JobValues {
  const values: Record<string, unknown> = {}
  for (const key of JOB_FIELD_KEYS) {
    const given = options[optionKey(key)]
    if (given !== undefined && !(Array.isArray(given) && given.length === 0)) values[key] = given
  }
  return values as JobValues
}

/** The flag a field has: `--output` for `outputs`. */
export function flagOf(key: JobFieldKey): string {
  return `--${jobField(key).flag ?? key}`
}

function optionKey(key: JobFieldKey): string {
  return (jobField(key).flag ?? key).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function jobOption(field: JobField): Option<unknown> {
  const kind =
    field.kind === "switch" ? "flag" : field.kind === "list" ? "list" : field.bare !== undefined ? "bare" : "value"
  return option(
    kind,
    field.placeholder,
    field.help,
    (text) => readFieldText(field, text),
    kind === "list" ? [] : undefined,
    {
      short: field.short,
      also: field.also,
      bareText: field.bare,
    },
  )
}
