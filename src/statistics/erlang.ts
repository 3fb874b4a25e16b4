/**
 * The share of arrivals that find all `places` taken and are turned away (Erlang's loss formula), where arrivals are
 * independent of one another and each holds a place for some time. Only the mean of that time matters.
 * @param offered - places that would be taken on average if there were no limit: arrivals per second × seconds held
 * @see A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic telephone exchanges", 1917
 */
export function erlangLoss(offered: number, places: number): number {
  let loss = 1
  for (let place = 1; place <= places; place++) {
    loss = (offered * loss) / (place + offered * loss)
    // Beyond this it only shrinks, and a breaker may have a million places.
    if (loss < 1e-12) return 0
  }
  return loss
}
