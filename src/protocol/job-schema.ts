import { JOB_FIELD_KEYS, type JobField, jobField } from "./job-fields.ts"

/** The JSON schema of a job file, for editors: completion, and errors while typing. Published as docs/windfall.schema.json. */
export function jobFileSchema(): Record<string, unknown> {
  const properties: Record<string, unknown> = {
    command: {
      description: "What runs: a line for the shell, or a list of words that is run as it is.",
      oneOf: [
        { type: "string", minLength: 1 },
        { type: "array", items: { type: ["string", "number", "boolean"] }, minItems: 1 },
      ],
      examples: ["python train.py", ["python", "train.py"]],
    },
  }
  for (const key of JOB_FIELD_KEYS) {
    const field = jobField(key)
    properties[key] = {
      description: sentence(field.help),
      ...(key === "env" ? VARIABLES : shapeOf(field)),
      examples: [field.example],
    }
  }
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Windfall job file",
    description: "A job for `windfall apply -f`. See docs/job-file.md.",
    type: "object",
    required: ["command"],
    additionalProperties: false,
    properties,
  }
}

const VARIABLES = {
  oneOf: [
    {
      type: "object",
      propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" },
      additionalProperties: { type: ["string", "number", "boolean", "null"] },
    },
    { type: "array", items: { type: "string", pattern: "^[A-Za-z_][A-Za-z0-9_]*(=[\\s\\S]*)?$" } },
  ],
}

function shapeOf(field: JobField): Record<string, unknown> {
  switch (field.kind) {
    case "text":
      return { type: "string", minLength: 1 }
    case "switch":
      return { type: "boolean" }
    case "list":
      return { oneOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] }
    case "count":
      return {
        type: "integer",
        minimum: field.minimum ?? 0,
        ...(field.maximum === undefined ? {} : { maximum: field.maximum }),
      }
    case "bytes":
      return { type: "string", pattern: "^\\s*\\d+(\\.\\d+)?\\s*([KMGTkmgt]([Ii]?[Bb])?|[Bb])\\s*$" }
    case "duration":
      return {
        type: "string",
        pattern: `^\\s*((?=\\d)${DURATION_PARTS}|(\\d+-)?\\d+:\\d{2}:\\d{2})\\s*$`,
      }
  }
}

/** Each unit once, the largest first. */
const DURATION_PARTS = ["w", "d", "h", "m", "s", "ms"].map((unit) => `(\\d+(\\.\\d+)?\\s*${unit}\\s*)?`).join("")

function sentence(help: string): string {
  return `${help[0]?.toUpperCase()}${help.slice(1)}.`
}
