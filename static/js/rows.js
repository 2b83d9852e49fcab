// Where a time lies among the rows of a series. Pure.

// The last row at or before t_s, or -1.
export const rowAt = (times, t_s) => {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= t_s + 1e-6) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};
