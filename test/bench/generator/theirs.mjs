import { createRequire } from 'node:module'

/** autocannon at the same overall rate, in a process of its own. Prints what it took. */
const autocannon = createRequire(import.meta.url)('autocannon')
const [url, rate, seconds] = process.argv.slice(2)
const connections = 50

await autocannon({ url, connections, duration: 1, overallRate: Number(rate) })
const before = process.cpuUsage()
const { requests } = await autocannon({ url, connections, duration: Number(seconds), overallRate: Number(rate) })
const { user, system } = process.cpuUsage(before)
process.stdout.write(JSON.stringify({ requests: requests.total, cpuUs: (user + system) / requests.total }))
process.exit(0)
