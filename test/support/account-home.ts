/**
 * First words of a job's shell script: `$A` is from then on the home folder of its host's account, where a test can put and find
 * files. The job's own HOME is below Windfall's folder there, and its user's.
 */
export const ACCOUNT_HOME = "A=$(cd ../../../../../.. && pwd)"
