// Campaigns against calls, streams and what they take up: losses, aborts, floods, readers that stop.
import type { Campaign } from '../campaign.js'
import { affinity } from './affinity.js'
import { backpressure } from './backpressure.js'
import { cancel } from './cancel.js'
import { expired } from './expired.js'
import { fairness } from './fairness.js'
import { flat } from './flat.js'
import { ledger } from './ledger.js'
import { messages } from './messages.js'
import { order } from './order.js'
import { retryBudget } from './retry-budget.js'
import { shedding } from './shedding.js'
import { slots } from './slots.js'

export const callCampaigns: readonly Campaign[] = [
  ledger,
  order,
  messages,
  retryBudget,
  slots,
  expired,
  cancel,
  backpressure,
  shedding,
  fairness,
  affinity,
  flat,
]
