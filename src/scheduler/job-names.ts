/** How a job is called by its number: a task of an array that has a number of its own is `17_5` for people. */
export type JobNames = (job: number) => string

/** Where nothing else is known of jobs. */
export const BY_NUMBER: JobNames = String
