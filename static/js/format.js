// Numbers and times as people read them. Knows no page and no element.

const MIB = 1024 * 1024;

export const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(parts[1]).padStart(2, "0");
  return whole < 3600 ? `${parts[0]}:${tail}` : `${Math.floor(whole / 3600)}:${String(parts[0]).padStart(2, "0")}:${tail}`;
};

export const mebibytes = (bytes) => (bytes / MIB < 0.1 ? "under 0.1" : (bytes / MIB).toFixed(1));

// Never 0 or 100 for what is only close to it.
export const percent = (share) => {
  if (share > 0 && share < 0.005) return "<1 %";
  if (share >= 0.995 && share < 1) return ">99 %";
  return `${Math.round(share * 100)} %`;
};

