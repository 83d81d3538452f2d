// Why workers leave, in the words of those who order it and of those who lose by it.

/** Why one worker is ordered to stop while its pool lives on. */
export type OrderReason = 'recycled' | 'tainted' | 'scaled_down'

/** Why a worker is asked to stop. */
export type StopReason = OrderReason | 'closing' | 'pool-failed'

/** Why a session lost its worker; `closed` when the pool closed or gave up. */
export type LossReason = OrderReason | 'crashed' | 'closed'
