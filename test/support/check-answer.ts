import assert from "node:assert/strict"
import type * as z from "zod"
import { ROUTES } from "../../src/server/api/app.ts"
import type { Route } from "../../src/server/api/route.ts"

/** The route that a request goes to; `undefined` for those that are no part of the table. */
export function routeOf(method: string, path: string): Route | undefined {
  const parts = path.replace(/\?.*$/, "").split("/")
  const fits = (route: Route) => {
    const own = route.path.split("/")
    return own.length === parts.length && own.every((part, i) => part.startsWith(":") || part === parts[i])
  }
  // As the server has it: what is named goes before what is a parameter.
  const all = ROUTES.filter((route) => route.method === method && fits(route))
  return all.find((route) => !route.path.includes(":")) ?? all[0]
}

/** That a good answer of the server is as its document says, with no field more. */
export function checkAnswer(method: string, path: string, answer: unknown): void {
  const schema = routeOf(method, path)?.answer
  if (schema !== undefined) checkShape(schema, answer, `${method} ${path}`)
}

/** That a value is of this shape, with no field more. */
export function checkShape(schema: z.ZodType, value: unknown, what: string): void {
  const read = schema.safeParse(value)
  assert.ok(read.success, `${what} is not as the document says: ${read.error?.message}`)
  assert.deepEqual(read.data, value, `${what} has fields that the document does not name`)
}
