set -eu
echo "building for $API_URL"
mkdir -p dist/about
echo "<title>$TITLE</title><script>api = '$API_URL'</script>" > dist/index.html
echo "about" > dist/about/index.html
echo "console.log(1)" > dist/app-0123abcd.js
