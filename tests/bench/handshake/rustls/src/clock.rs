/// Nanoseconds of processor time this thread used.
pub fn computing() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` outlives the call, which fills it in.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    assert_eq!(result, 0, "no clock");
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
