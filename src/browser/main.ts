import type { LiveData } from '../page/live-data.ts'
import type { PageData } from '../page/page-data.ts'
import { live } from './live.ts'
import { report } from './report.ts'

const data = JSON.parse(document.getElementById('run')?.textContent ?? '') as PageData | LiveData
if ('now' in data) live(data)
else report(data)
