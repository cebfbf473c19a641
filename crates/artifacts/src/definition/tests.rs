mod creating;
mod reading;
