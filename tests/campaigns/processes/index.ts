// Campaigns against processes: hosts and workers that are killed, suspended, and told to end.
import type { Campaign } from '../campaign.js'
import { boundedStart } from './bounded-start.js'
import { close } from './close.js'
import { drain } from './drain.js'
import { hostDeath } from './host-death.js'
import { noFalseKill } from './no-false-kill.js'
import { recovery } from './recovery.js'
import { strangers } from './strangers.js'
import { trueKill } from './true-kill.js'
import { zombies } from './zombies.js'

export const processCampaigns: readonly Campaign[] = [
  hostDeath,
  boundedStart,
  close,
  recovery,
  noFalseKill,
  trueKill,
  drain,
  strangers,
  zombies,
]
