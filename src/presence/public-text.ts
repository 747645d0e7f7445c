/**
 * A reason as everybody in the pool may read it: who it is, and by what they were noticed, is their own business.
 *
 * @param code of an obstacle, or of why something was done to a job
 */
export function publicText(code: string, text: string): string {
  if (code === "owner_here") return "somebody is at it"
  // "paused by lena until 18:24": the last "until", as names may be anything.
  return code === "paused" ? text.replace(/^paused by .+ (?=until )/su, "paused ") : text
}
