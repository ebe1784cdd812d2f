//! `cargo xtask keys`: the pools of primes from which fixture RSA keys are put together.
//!
//! A pool is a file of primes of one size, big endian, one after the other. The nth prime is the first at or after a
//! number that SHA-256 gives for (size, n), so the files can be made again by anyone, to the byte, and a check needs no
//! trust in who made them.

use clap::Args;
use crypto_primes::{Flavor, hazmat::SmallFactorsSieve, is_prime};
use rsa::BoxedUint;
use sha2::{Digest, Sha256};
use std::{fs, num::NonZeroU32, path::PathBuf};

/// What `cargo xtask keys` was asked to do.
#[derive(Args)]
pub(crate) struct Options {
    /// Write nothing; fail when a committed pool differs from what would be written.
    #[arg(long)]
    check: bool,
}

/// (bits of a prime, how many). An RSA key of 2n bits takes two primes of n bits, so m primes give m(m-1)/2 keys: the
/// sizes that smart cards use get half a million of them, lest two subjects of one scenario meet by chance.
const POOLS: [(u32, u32); 4] = [(512, 1024), (1024, 1024), (1536, 64), (2048, 64)];

/// Every fixture key has this public exponent, as every key that Windows generates.
const PUBLIC_EXPONENT: u64 = 65_537;

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/keys");
    for (bits, count) in POOLS {
        let path = directory.join(format!("primes-{bits}.bin"));
        let pool: Vec<u8> = (0..count).map(|n| prime(bits, n)).collect::<Result<Vec<_>, _>>()?.concat();
        if options.check {
            let committed = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            if committed != pool {
                return Err(format!("{} is not what `cargo xtask keys` makes", path.display()));
            }
        } else {
            fs::write(&path, &pool).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        println!("{}: {count} primes of {bits} bits", path.display());
    }
    Ok(())
}

/// The `n`th prime of `bits` bits, big endian: the two highest bits are set, so that the product of any two has exactly
/// twice as many bits, and the public exponent does not divide p - 1.
fn prime(bits: u32, n: u32) -> Result<Vec<u8>, String> {
    let start = BoxedUint::from_be_slice(&start_of_search(bits, n), bits).map_err(|error| error.to_string())?;
    let length = NonZeroU32::new(bits).ok_or("a prime has bits")?;
    let sieve = SmallFactorsSieve::new(start, length, false).map_err(|error| error.to_string())?;
    sieve
        .filter(|candidate| is_prime(Flavor::Any, candidate))
        .map(|prime| prime.to_be_bytes().to_vec())
        .find(|prime| remainder(prime, PUBLIC_EXPONENT) != 1)
        .ok_or_else(|| format!("no prime of {bits} bits after start {n}"))
}

fn start_of_search(bits: u32, n: u32) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..bits.div_ceil(256))
        .flat_map(|block| {
            let mut hash = Sha256::new();
            hash.update(b"autoenroll fixture primes, public test material");
            for word in [bits, n, block] {
                hash.update(word.to_be_bytes());
            }
            hash.finalize()
        })
        .take(bits as usize / 8)
        .collect();
    bytes[0] |= 0xC0;
    bytes
}

fn remainder(big_endian: &[u8], modulus: u64) -> u64 {
    big_endian.iter().fold(0, |rest, byte| ((rest << 8) | u64::from(*byte)) % modulus)
}
